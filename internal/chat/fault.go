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

// explanation is the meaning of a code as text for the user.
type explanation struct{ what, hint string }

// refusals explains the error codes of replies (docs/protocol.md, Errors).
var refusals = map[uint32]explanation{
	100: {"the server had an internal error", "try again in a moment"},
	101: {"the server accepts no anonymous users", "a server for trying things out is started with `throng serve --dev`"},
	102: {"the server knows no such room", "the part before a colon is a namespace and must be in the server's configuration (channel.namespaces)"},
	103: {"permission denied", "the server's configuration does not allow you to do this in this room"},
	104: {"the server does not know this command", "is it a Centrifuge or throng server of about the same version?"},
	106: {"a limit of the server was reached", ""},
	107: {"the server refused the request as malformed", "its log or its documentation may say which rule was broken; Centrifugo sends this error for room names that it does not allow"},
	108: {"not available in this room", "the server's configuration switches this off here"},
	109: {"the token has expired", ""},
	111: {"too many requests", "slow down a little"},
}

// disconnects explains the close codes after which a client does not reconnect. Codes below 100 are those of the SDK.
var disconnects = map[uint32]explanation{
	2:    {"the server sent something that is not the Centrifuge protocol", "is this the address of a throng server? its path is usually " + defaultPath},
	3:    {"the server closed the connection: a message was too long for it", "send shorter lines; throng's limit is --max-message"},
	3500: {"the server refused the token", ""},
	3501: {"the server did not understand a request", "is it a Centrifuge or throng server of about the same version?"},
	3502: {"the server closed the connection: it waited too long for the first command", "try again"},
	3503: {"the server closed the connection", "an administrator or the application ended it"},
	3504: {"the server is full: it allows no more connections", "try again later"},
	3505: {"the server allows no more rooms on one connection", ""},
	3506: {"the server does not accept this protocol here", "use the address of its JSON WebSocket, usually " + defaultPath},
	3507: {"permission denied: the server refuses the connection", "anonymous users need client.allow_anonymous_connect_without_token or --dev on the server"},
	3508: {"the server is not available to you", ""},
	3509: {"the server closed the connection after too many errors", ""},
}

// standardReasons are the texts that servers send with these codes. They add nothing to the explanation.
var standardReasons = map[string]bool{
	"internal server error": true, "unauthorized": true, "unknown channel": true, "permission denied": true,
	"method not found": true, "limit exceeded": true, "bad request": true, "not available": true, "token expired": true,
	"too many requests": true, "invalid token": true, "stale": true, "force disconnect": true, "connection limit": true,
	"channel limit": true, "inappropriate protocol": true, "too many errors": true,
}

// lostReasons explains the codes after which the SDK reconnects.
var lostReasons = map[uint32]string{
	2:    "the server sent nothing for too long",
	3:    "no answer, or a message was too long",
	3001: "the server is shutting down",
	3004: "the server had an internal error",
	3005: "the session expired",
	3008: "this terminal read too slowly",
	3010: "the server lost track of the room",
	3011: "the server asked to reconnect",
	3012: "the server received nothing from here",
	3013: "too many requests",
	3014: "the state of the session is no longer valid",
}

// maxServerText is the most runes of a text from the server that are shown.
const maxServerText = 200

// refusal explains the error of a request.
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

// disconnectError explains the end of the connection. Codes below 100 are the SDK's own, 100 to 1999 those of replies.
func disconnectError(code uint32, reason string) error {
	if code == 107 {
		return malformed(reason)
	}
	if code >= 100 && code < 2000 {
		return fromCode(refusals, code, reason, "the server answered with error")
	}
	return fromCode(disconnects, code, reason, "the server closed the connection with code")
}

// fromCode explains a code from a table. The text of the server is added if it differs from the standard reason.
func fromCode(table map[uint32]explanation, code uint32, text, otherwise string) error {
	text = terminal.Short(text, maxServerText)
	s, ok := table[code]
	if !ok {
		return clierr.Errorf("", "%s %d (%s)", otherwise, code, text)
	}
	if standardReasons[text] || strings.Contains(s.what, text) {
		return clierr.Errorf(s.hint, "%s (%d)", s.what, code)
	}
	return clierr.Errorf(s.hint, "%s (%d %s)", s.what, code, text)
}

// lostReason is why the connection was lost, for "connection lost (...)"; "" if it is not known.
func lostReason(code uint32, reason string) string {
	if s, ok := lostReasons[code]; ok {
		return " (" + s + ")"
	}
	if code < 100 {
		return ""
	}
	return " (" + strconv.Itoa(int(code)) + prefixed(" ", terminal.Short(reason, maxServerText)) + ")"
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// permanent reports whether the server would refuse every other message with the same error.
func permanent(err error) bool {
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
