package edge

import (
	"math"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// Everything that a client sends is charged to its connection: commands by their number, a message without a command as
// one, a message that was inflated as one more for each inflatedCharge bytes of it; and its bytes, as they are handed out.
// Above one of the two rates commands are answered with 111, and a client that goes on is closed with 3013.

const (
	// inflatedCharge is how many bytes are inflated for the price of a command: either takes some microseconds.
	inflatedCharge = 16 << 10
	// onlyBytesFlood is tariff.flood where commands have no rate: what is refused of ten bursts of bytes counts for so much.
	onlyBytesFlood = 1000
)

// tariff is what a connection may send.
type tariff struct {
	commands rate
	bytes    byteRate
	flood    uint16 // refusals in a row after which the connection is closed
}

// newTariff allows two seconds' worth at once, and in any case the commands to come back into all rooms, and two of the
// largest messages.
func newTariff(commands, rooms, bytes, maxMessage int) tariff {
	t := tariff{commands: newRate(commands, rooms+10), bytes: newByteRate(bytes, 2*maxMessage)}
	if t.flood = t.commands.flood; t.flood == 0 {
		t.flood = onlyBytesFlood
	}
	return t
}

// unlimited reports whether nothing is ever refused.
func (t *tariff) unlimited() bool { return t.commands.step == 0 && t.bytes.perSecond == 0 }

// meters are what a connection has been charged, in times of rate.go. They are part of the session.
type meters struct {
	commands, bytes uint32
	denied          uint16 // refusals in a row
}

// deny counts refusals.
func (m *meters) deny(t *tariff, n int) {
	m.denied = uint16(min(int(m.denied)+n, int(t.flood)))
}

// flooded reports whether the client has gone on for too long.
func (m *meters) flooded(t *tariff) bool { return m.denied > 0 && m.denied >= t.flood }

// begin is for every message, before it is charged: a client that has been silent for long enough begins anew.
func (m *meters) begin(t *tariff, now uint32) {
	if t.commands.idle(m.commands, now) && t.bytes.idle(m.bytes, now) {
		m.denied = 0
	}
}

// size charges the bytes of a message at time now.
func (m *meters) size(t *tariff, now uint32, n int, inflated bool) bool {
	if t.bytes.perSecond == 0 || t.bytes.take(&m.bytes, now, n) {
		return true
	}
	m.deny(t, t.weight(n, inflated))
	return false
}

// inflation charges what it took to inflate a message to n bytes.
func (m *meters) inflation(t *tariff, now uint32, n int) bool {
	more := n / inflatedCharge
	if more == 0 || t.commands.step == 0 || t.commands.takeMany(&m.commands, now, more) {
		return true
	}
	m.deny(t, more)
	return false
}

// weight is how many refusals a refused message of n bytes counts for: floodBursts bursts of bytes are a flood, and one
// if they were inflated, since then they cost the server and not the client.
func (t *tariff) weight(n int, inflated bool) int {
	bursts := floodBursts
	if inflated {
		bursts = 1
	}
	return int(math.Ceil(float64(n) * float64(t.flood) / float64(bursts*t.bytes.bytes)))
}

// command charges one command at time now.
func (m *meters) command(t *tariff, now uint32) bool {
	if t.commands.step == 0 || t.commands.take(&m.commands, now) {
		return true
	}
	m.deny(t, 1)
	return false
}

// charge charges a message of n bytes as a whole, by the tariff of that moment, and reports whether what is in it may be
// carried out.
func (n *counters) charge(m *meters, t *tariff, now uint32, size int, inflated bool) (ok bool) {
	m.begin(t, now)
	ok = true
	if !m.size(t, now, size, inflated) {
		n.limitedBytes.Add(1)
		ok = false
	}
	if inflated && !m.inflation(t, now, size) {
		n.limited.Add(1)
		ok = false
	}
	return ok
}

// charge accounts for a command that came at time now, in a message that was within its bounds or not. What ends
// something is carried out all the same: it makes less work, not more.
func (s *session) charge(cmd protocol.Command, t *tariff, now uint32, ok bool) error {
	if !s.meters.command(t, now) {
		s.loop.counters.limited.Add(1)
		ok = false
	}
	if err := s.endFlood(t); err != nil {
		return err
	}
	if ok || cmd.Method == protocol.MethodUnsubscribe {
		return nil
	}
	return protocol.ErrTooManyRequests
}

// endEmpty accounts for a message without a command.
func (s *session) endEmpty(c *netpoll.Conn, t *tariff, now uint32) {
	if !s.meters.command(t, now) {
		s.loop.counters.limited.Add(1)
	}
	if err := s.endFlood(t); err != nil {
		s.fail(c, 0, "", err)
	}
}

func (s *session) endFlood(t *tariff) error {
	if !s.meters.flooded(t) {
		return nil
	}
	s.loop.counters.flooded.Add(1)
	return protocol.DisconnectTooManyRequests
}
