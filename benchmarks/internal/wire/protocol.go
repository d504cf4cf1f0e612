package wire

import (
	"bytes"
	"fmt"
	"net/url"
)

// Protocol is the protocol between a client and a server, above WebSocket.
type Protocol interface {
	// Target is the request target for a member of the room.
	Target(room string) string
	// Hello is the message to send after the upgrade; nil if the upgrade is all.
	Hello(room string) []byte
	// Joined reports whether the payload says that the hello was successful. An error
	// ends the attempt.
	Joined(payload []byte) (bool, error)
	// Publish is the message that sends the body to everyone in the room.
	Publish(room string, body []byte) []byte
	// Heartbeat is the answer to the payload if there is a ping of the protocol's own in it, perhaps among messages.
	Heartbeat(payload []byte) []byte
	// Refused returns the complaint in a payload without a body, if it is one.
	Refused(payload []byte) error
}

// NewProtocol knows "rooms" and "centrifuge". path may be empty.
func NewProtocol(name, path string) (Protocol, error) {
	switch name {
	case "rooms":
		return rooms{path: path}, nil
	case "centrifuge":
		return centrifuge{path: path}, nil
	}
	return nil, fmt.Errorf("no protocol %q: rooms, centrifuge", name)
}

// rooms is the protocol of the floor and of the minimal servers: the room is in the URL, and every
// text message goes to all members of the room.
type rooms struct{ path string }

func (p rooms) Target(room string) string {
	return or(p.path, "/") + "?room=" + url.QueryEscape(room)
}
func (rooms) Hello(string) []byte                  { return nil }
func (rooms) Joined([]byte) (bool, error)          { return true, nil }
func (rooms) Publish(_ string, body []byte) []byte { return body }
func (rooms) Heartbeat([]byte) []byte              { return nil }
func (rooms) Refused([]byte) error                 { return nil }

// centrifuge is the Centrifuge client protocol in JSON.
type centrifuge struct{ path string }

const connectCommand = `{"id":1,"connect":{"data":{"name":"bench"}}}`

// Target names the room in the URL, for throng to choose the event loop (docs/protocol.md). Other servers ignore it.
func (p centrifuge) Target(room string) string {
	return or(p.path, "/connection/websocket") + "?affinity=" + url.QueryEscape(room)
}

func (centrifuge) Hello(room string) []byte {
	return fmt.Appendf(nil, connectCommand+"\n"+`{"id":2,"subscribe":{"channel":%q}}`, room)
}

func (p centrifuge) Joined(payload []byte) (bool, error) {
	return bytes.Contains(payload, []byte(`"id":2,`)), p.Refused(payload)
}

func (centrifuge) Publish(room string, body []byte) []byte {
	return fmt.Appendf(nil, `{"id":3,"publish":{"channel":%q,"data":%q}}`, room, body)
}

// Heartbeat looks at every line, because a server may send several messages and its ping in one frame.
// The reply to {} is {}.
func (centrifuge) Heartbeat(payload []byte) []byte {
	for more := true; more; {
		var line []byte
		if line, payload, more = bytes.Cut(payload, []byte("\n")); len(line) == len("{}") {
			return line
		}
	}
	return nil
}

func (centrifuge) Refused(payload []byte) error {
	if bytes.Contains(payload, []byte(`"error":`)) {
		return fmt.Errorf("the server answered %.200s", payload)
	}
	return nil
}

func or(path, otherwise string) string {
	if path == "" {
		return otherwise
	}
	return path
}
