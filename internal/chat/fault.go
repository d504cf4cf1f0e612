package chat

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/centrifugal/centrifuge-go"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// saying is what a code means to a person.
type saying struct{ what, hint string }

// refusals are the error codes of replies (docs/protocol.md, Errors).
var refusals = map[uint32]saying{
	100: {"the server had an internal error", "try again in a moment"},
	101: {"the server wants to know who you are", "anonymous people are not let in here; a server for trying things out is started with `throng serve --dev`"},
	102: {"the server knows no such room", "the part before a colon is a namespace and must be in the server's configuration (channel.namespaces)"},
	103: {"permission denied", "the server's configuration does not allow this to you in this room"},
	104: {"the server does not know this command", "is it a Centrifuge or throng server of the same age?"},
	106: {"a limit of the server was reached", ""},
	107: {"the server refused the request as malformed", "its log or its documentation may say which rule was broken; Centrifugo answers so to names of rooms that it does not allow"},
	108: {"not available in this room", "the server's configuration switches this off here"},
	109: {"the token has expired", ""},
	111: {"too many requests", "slow down a little"},
}

// farewells are the codes with which a server ends a connection for good, and those of the SDK below 100.
var farewells = map[uint32]saying{
	2:    {"the server said something that is not the Centrifuge protocol", "is this the address of a throng server? its path is usually " + defaultPath},
	3:    {"the server closed the connection: a message was too long for it", "send shorter lines; throng's limit is --max-message"},
	3500: {"the server refused the token", ""},
	3501: {"the server did not understand a request", "is it a Centrifuge or throng server of the same age?"},
	3502: {"the server closed the connection: it waited too long for the first command", "try again"},
	3503: {"the server closed the connection", "an administrator or the application ended it"},
	3504: {"the server is full: it allows no more connections", "try again later"},
	3505: {"the server allows no more rooms on one connection", ""},
	3506: {"the server does not accept this protocol here", "use the address of its JSON WebSocket, usually " + defaultPath},
	3507: {"permission denied: the server does not let you in", "anonymous people are let in only where client.allow_anonymous_connect_without_token or --dev says so"},
	3508: {"the server is not available to you", ""},
	3509: {"the server closed the connection after too many errors", ""},
}

// stock is what servers send along with those codes; it adds nothing.
var stock = map[string]bool{
	"internal server error": true, "unauthorized": true, "unknown channel": true, "permission denied": true,
	"method not found": true, "limit exceeded": true, "bad request": true, "not available": true, "token expired": true,
	"too many requests": true, "invalid token": true, "stale": true, "force disconnect": true, "connection limit": true,
	"channel limit": true, "inappropriate protocol": true, "too many errors": true,
}

// interruptions say why a connection was lost that the SDK takes up again.
var interruptions = map[uint32]string{
	2:    "the server went silent",
	3:    "no answer, or a message was too long",
	3001: "the server is shutting down",
	3004: "the server had an internal error",
	3005: "the session expired",
	3008: "this terminal read too slowly",
	3010: "the server lost track of the room",
	3011: "the server asked to reconnect",
	3012: "the server heard nothing from here",
	3013: "too many requests",
	3014: "the state of the session is no longer valid",
}

// maxSaid is the most runes that are shown of a text of the server.
const maxSaid = 200

// refusal explains the error of a reply. Other errors of the SDK are explained too.
func refusal(err error) error {
	var e *centrifuge.Error
	switch {
	case errors.As(err, &e) && e.Code == 107:
		return malformed(e.Message)
	case errors.As(err, &e):
		return fromCode(refusals, e.Code, e.Message, "the server answered with error")
	case errors.Is(err, centrifuge.ErrTimeout):
		return clierr.Errorf("try again, or look at the server's log", "the server did not answer in time")
	case errors.Is(err, centrifuge.ErrClientDisconnected), errors.Is(err, io.EOF):
		return errors.New("the connection was lost")
	}
	return err
}

// farewell explains the end of the connection. Codes below 100 are the SDK's own, 100 to 1999 those of replies.
func farewell(code uint32, reason string) error {
	if code == 107 {
		return malformed(reason)
	}
	if code >= 100 && code < 2000 {
		return fromCode(refusals, code, reason, "the server answered with error")
	}
	return fromCode(farewells, code, reason, "the server closed the connection with code")
}

// fromCode looks a code up; what the server said itself is added where it says more than the table.
func fromCode(table map[uint32]saying, code uint32, text, otherwise string) error {
	text = terminal.Short(text, maxSaid)
	s, ok := table[code]
	if !ok {
		return clierr.Errorf("", "%s %d (%s)", otherwise, code, text)
	}
	if stock[text] || strings.Contains(s.what, text) {
		return clierr.Errorf(s.hint, "%s (%d)", s.what, code)
	}
	return clierr.Errorf(s.hint, "%s (%d %s)", s.what, code, text)
}

// interruption says why the connection was lost, for "connection lost (...)"; "" when nothing more is known.
func interruption(code uint32, reason string) string {
	if s, ok := interruptions[code]; ok {
		return " (" + s + ")"
	}
	if code < 100 {
		return ""
	}
	return " (" + strconv.Itoa(int(code)) + prefixed(" ", terminal.Short(reason, maxSaid)) + ")"
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// hopeless says whether the server's answer would be the same for every other message.
func hopeless(err error) bool {
	var e *centrifuge.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case 101, 102, 103, 104, 108:
		return true
	}
	return false
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
