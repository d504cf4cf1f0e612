//go:build linux

package crowd

import (
	"bytes"
	"fmt"

	"github.com/throngd/throng/benchmarks/internal/wire"
)

// frames handles the complete frames in b and returns the rest.
func (c *Crowd) frames(id int32, b []byte) (rest []byte) {
	for {
		h := wire.ParseHeader(b)
		if h.Size == 0 || len(b) < h.Size+h.Length {
			return b
		}
		c.frame(id, h.Op, b[h.Size:h.Size+h.Length])
		b = b[h.Size+h.Length:]
	}
}

func (c *Crowd) frame(id int32, op byte, payload []byte) {
	switch op {
	case wire.OpText, wire.OpBinary:
		c.message(id, payload)
	case wire.OpPing:
		c.Pings++
		c.reply(id, &c.pong, wire.OpPong, payload)
	case wire.OpClose:
		c.Fail(fmt.Errorf("%w: %q", errClosed, payload))
	}
}

// message delivers the bodies in a message. There may be several, one a line, and a heartbeat among them.
func (c *Crowd) message(id int32, payload []byte) {
	if answer := c.Protocol.Heartbeat(payload); answer != nil {
		c.Pings++
		c.reply(id, &c.beat, wire.OpText, answer)
	}
	at := wire.FindBody(payload, c.hint)
	if at < 0 {
		c.other(id, payload)
		return
	}
	c.hint = at
	for at >= 0 {
		c.Deliver(id, wire.Number(payload[at:]))
		if payload = payload[at+1:]; len(payload) < 2*c.Size {
			return
		}
		at = wire.FindBody(payload, -1)
	}
}

// other handles a message without a body: a reply, a join, a heartbeat.
func (c *Crowd) other(id int32, payload []byte) {
	if err := c.Protocol.Refused(payload); err != nil {
		c.Fail(err)
	} else {
		c.Other(id, payload)
	}
}

func (c *Crowd) reply(id int32, a *answer, op byte, payload []byte) {
	if a.frame == nil || !bytes.Equal(a.payload, payload) {
		a.payload, a.frame = bytes.Clone(payload), wire.Masked(op, payload)
	}
	c.Send(id, a.frame)
}
