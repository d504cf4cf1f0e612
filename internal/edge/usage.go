package edge

import (
	"math"
	"time"

	"github.com/throngd/throng/internal/limit"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// Everything that a client sends is charged to its connection: each command, a message without a command as one command,
// an inflated message as one more command for each inflatedPerCommand bytes, and the bytes of each message. A message
// above one of the two rates is refused: its commands are answered with error 111. After many refusals in a row the
// connection is closed with 3013.

const (
	// inflatedPerCommand is the number of bytes whose inflation takes about as long as a command: some microseconds.
	inflatedPerCommand = 16 << 10
	// floodBursts is how many bursts are refused before the connection is closed.
	floodBursts = 10
	// defaultFlood is sendLimits.flood where only bytes have a rate.
	defaultFlood = 1000
)

// sendLimits bound what one connection may send.
type sendLimits struct {
	commands, bytes limit.Rate
	byteBurst       int    // bytes that may come at once
	flood           uint16 // refusals in a row after which the connection is closed
}

// newSendLimits allows two seconds' worth at once, and at least the commands that subscribe to all rooms again, and two
// messages of the largest size. A rate of 0 is no limit.
func newSendLimits(commands, rooms, bytes, maxMessage int) sendLimits {
	burst, byteBurst := max(2*commands, rooms+10), max(2*bytes, 2*maxMessage)
	l := sendLimits{
		commands: limit.NewRate(commands, burst), bytes: limit.NewRate(bytes, byteBurst),
		byteBurst: byteBurst, flood: defaultFlood,
	}
	if commands > 0 {
		l.flood = uint16(min(floodBursts*burst, math.MaxUint16))
	}
	return l
}

// unlimited reports whether nothing is ever refused.
func (l *sendLimits) unlimited() bool { return l.commands.Unlimited() && l.bytes.Unlimited() }

// refusals is how many refusals a refused message of n bytes counts for. floodBursts bursts of bytes are a flood; one
// burst is, if it was inflated, since its bytes cost the server more than the client.
func (l *sendLimits) refusals(n int, inflated bool) int {
	bursts := floodBursts
	if inflated {
		bursts = 1
	}
	return int(math.Ceil(float64(n) * float64(l.flood) / float64(bursts*l.byteBurst)))
}

// usage is what a connection has been charged. It is part of the session.
type usage struct {
	commands, bytes limit.Meter
	refused         uint16 // in a row
}

func newUsage(now uint32) usage {
	return usage{commands: limit.Meter(now), bytes: limit.Meter(now)}
}

func (u *usage) refuse(l *sendLimits, n int) {
	u.refused = uint16(min(int(u.refused)+n, int(l.flood)))
}

// flooding reports whether the client has gone on for too long after the first refusal.
func (u *usage) flooding(l *sendLimits) bool { return u.refused > 0 && u.refused >= l.flood }

// startMessage goes before the charges of a message: refusals before a long enough pause no longer count.
func (u *usage) startMessage(l *sendLimits, now uint32) {
	if u.refused > 0 && u.commands.Idle(&l.commands, now) && u.bytes.Idle(&l.bytes, now) {
		u.refused = 0
	}
}

// takeBytes charges the bytes of a message.
func (u *usage) takeBytes(l *sendLimits, now uint32, n int, inflated bool) bool {
	if u.bytes.Take(&l.bytes, now, n) {
		return true
	}
	u.refuse(l, l.refusals(n, inflated))
	return false
}

// takeInflated charges the inflation of a message to n bytes.
func (u *usage) takeInflated(l *sendLimits, now uint32, n int) bool {
	commands := n / inflatedPerCommand
	if commands == 0 || u.commands.Take(&l.commands, now, commands) {
		return true
	}
	u.refuse(l, commands)
	return false
}

// takeCommand charges one command.
func (u *usage) takeCommand(l *sendLimits, now uint32) bool {
	if u.commands.Take(&l.commands, now, 1) {
		return true
	}
	u.refuse(l, 1)
	return false
}

// chargeMessage charges a message as a whole, before its commands, and reports whether they may be carried out.
func (n *counters) chargeMessage(u *usage, l *sendLimits, now uint32, size int, inflated bool) (ok bool) {
	u.startMessage(l, now)
	ok = true
	if !u.takeBytes(l, now, size, inflated) {
		n.limitedBytes.Add(1)
		ok = false
	}
	if inflated && !u.takeInflated(l, now, size) {
		n.limited.Add(1)
		ok = false
	}
	return ok
}

// chargeCommand charges one command of a message. ok is the result of chargeMessage. An unsubscribe is carried out all
// the same: it makes less work for the server.
func (s *session) chargeCommand(cmd protocol.Command, l *sendLimits, now uint32, ok bool) error {
	if !s.usage.takeCommand(l, now) {
		s.loop.counters.limited.Add(1)
		ok = false
	}
	if err := s.checkFlood(l); err != nil {
		return err
	}
	if ok || cmd.Method == protocol.MethodUnsubscribe {
		return nil
	}
	return protocol.ErrTooManyRequests
}

// chargeEmpty charges a message without a command.
func (s *session) chargeEmpty(c *netpoll.Conn, l *sendLimits, now uint32) {
	if !s.usage.takeCommand(l, now) {
		s.loop.counters.limited.Add(1)
	}
	if err := s.checkFlood(l); err != nil {
		s.fail(c, 0, "", err)
	}
}

func (s *session) checkFlood(l *sendLimits) error {
	if !s.usage.flooding(l) {
		return nil
	}
	s.loop.counters.flooded.Add(1)
	return protocol.DisconnectTooManyRequests
}

// uptime is the time since the edge was made.
func (e *Edge) uptime() time.Duration { return time.Since(e.started) }

// clock is the time of meters: uptime in microseconds. It wraps around after 71 minutes.
func (e *Edge) clock() uint32 { return uint32(e.uptime().Microseconds()) }
