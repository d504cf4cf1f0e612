package load

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/files"
	"github.com/throngd/throng/internal/load/report"
)

// Schedules of the messages.
const (
	Poisson = "poisson" // like many independent senders: the pauses are exponentially distributed
	Even    = "even"    // at equal distances
)

// maxRoomName is the length of a room's name, in bytes, that every server of the protocol accepts.
const maxRoomName = 255

// checkNames checks the options that are names.
func (o *Options) checkNames() error {
	const roomHint = "{room} stands for the number of the room, {run} for a random number of the run: --room-name chat:load-{run}-{room}"
	longest := o.roomName(1<<32-1, o.Rooms)
	switch {
	case o.Schedule != Poisson && o.Schedule != Even:
		return clierr.Usagef("there are: poisson, even", "there is no schedule %q", o.Schedule)
	case o.Rooms > 1 && !strings.Contains(o.RoomName, "{room}"):
		return clierr.Usagef(roomHint, "--room-name %q is one name for %d rooms", o.RoomName, o.Rooms)
	case len(longest) > maxRoomName || strings.ContainsFunc(longest, notInRoomName) || !utf8.ValidString(longest):
		return clierr.Usagef(roomHint, "--room-name %q is not possible: up to %d bytes without quotes, backslashes and control characters", o.RoomName, maxRoomName)
	case o.Ramp > 0 && o.Scenario == "connect":
		return clierr.Usagef("connect opens at --rate", "--ramp does not go with connect")
	case o.Token != "" && o.Protocol != Centrifuge:
		return clierr.Usagef("a --header can carry it", "--token is a part of the Centrifuge protocol")
	case strings.ContainsFunc(o.Token, notInRoomName):
		return clierr.Usagef("a JWT has letters, digits and - _ . only", "--token has characters that no token has")
	}
	return nil
}

func notInRoomName(r rune) bool { return r < ' ' || r == 0x7f || r == '"' || r == '\\' }

// roomName returns the name of a room of a run.
func (o *Options) roomName(run uint32, room int) string {
	return strings.NewReplacer("{run}", fmt.Sprintf("%08x", run), "{room}", fmt.Sprint(room)).Replace(o.RoomName)
}

// shared reports whether other programs may use the rooms: then messages that are not of this run are no violation.
func (o *Options) shared() bool { return !strings.Contains(o.RoomName, "{run}") }

// parseHeader reads --header.
func (o *Options) parseHeader() error {
	o.header = http.Header{}
	for _, line := range o.Header {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsFunc(name, notInToken) || strings.ContainsFunc(value, unicode.IsControl) {
			return clierr.Usagef("write it as --header 'Authorization: Bearer abc'", "--header %q is no header", line)
		}
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version":
			return clierr.Usagef("the load tester sets it", "--header %s is a part of every upgrade request", name)
		}
		o.header.Add(name, value)
	}
	return nil
}

// notInToken reports whether a field name must not contain r (RFC 9110, section 5.6.2).
func notInToken(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// parseRules reads the conditions under which the run has passed.
func (o *Options) parseRules() error {
	o.rules = report.Rules{MaxRefused: o.MaxRefused / 100}
	switch {
	case o.MaxRefused == 0:
		o.rules.MaxRefused = report.DefaultMaxRefused
	case o.MaxRefused < 0:
		o.rules.MaxRefused = 0
	case !(o.MaxRefused <= 100):
		return clierr.Usagef("it is a percentage", "--max-refused %v is not possible", o.MaxRefused)
	}
	for _, text := range o.FailIf {
		t, err := report.ParseThreshold(text)
		if err != nil {
			return err
		}
		o.rules.FailIf = append(o.rules.FailIf, t)
	}
	return nil
}

// readPayload makes the bytes that follow the numbers in every message.
func (o *Options) readPayload() error {
	if o.Payload == "" {
		o.filling = newFilling(o.Size)
		return nil
	}
	b, err := files.Read(o.Payload, maxSize-int64(bodySize))
	if err != nil {
		return clierr.Usagef("--payload names a text file", "the payload cannot be read: %w", err)
	}
	if !utf8.Valid(b) {
		return clierr.Usagef("messages are JSON strings", "--payload %s is not UTF-8 text", o.Payload)
	}
	o.filling, o.Size = b, bodySize+len(b)
	return nil
}
