//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// rooms measures many rooms: first in a closed loop, with one message in flight in each room, for
// the highest rate that the server sustains; then in an open loop at half of that rate, on a Poisson
// schedule. The latencies of the open loop count from when a message was due, not from when it
// could be sent.
func rooms(o options) (r result.Result, err error) {
	o.inflight = 1
	p, err := newFanoutRun(o)
	if err != nil {
		return r, err
	}
	if err := p.openRooms(); err != nil {
		return r, err
	}
	if r, err = p.meter.run(p); err != nil {
		return r, err
	}
	half, err := newScheduledRun(p, r.Rate/2).run()
	if err != nil {
		return r, fmt.Errorf("at half the rate: %w", err)
	}
	r.Half = &half
	return r, p.listenForRepeats()
}

// maxOutstanding is the number of messages of one sender that may be in flight. A server with more
// does not sustain the rate.
const maxOutstanding = 256

// scheduledRun sends messages on a schedule. The number of a message is the sender's place in the
// room and the sender's round (16 bits each).
type scheduledRun struct {
	*fanoutRun
	meter   meter
	every   time.Duration // on average, between two messages
	random  *rand.Rand
	order   []int32 // of the senders
	turn    int
	due     time.Duration // of the next message
	until   time.Duration
	senders []sender
	next    []uint16 // the round that must come next, by connection, then sender
	left    int64    // deliveries outstanding
}

// sender has the messages of one member that are in flight, by round.
type sender struct {
	round   uint16
	sent    [maxOutstanding]time.Duration
	missing [maxOutstanding]int32
}

// newScheduledRun continues with the connections of p. Rate is in deliveries a second.
func newScheduledRun(p *fanoutRun, rate float64) *scheduledRun {
	s := &scheduledRun{fanoutRun: p, meter: newMeter(p.Crowd, p.o), random: rand.New(rand.NewPCG(1, 4)),
		every:   time.Duration(float64(time.Second) * float64(p.o.members) / rate),
		senders: make([]sender, p.Len()), next: make([]uint16, p.Len()*p.o.members)}
	for _, id := range s.random.Perm(p.Len()) {
		s.order = append(s.order, int32(id))
	}
	p.Deliver, p.AfterRead, p.Precise = s.deliver, s.sendDue, true
	return s
}

func (s *scheduledRun) run() (r result.Result, err error) {
	s.due = time.Since(s.Start)
	if err = s.meter.during(s.sendFor, s.o.warmup, s.o.seconds); err != nil {
		return r, err
	}
	return s.meter.result(), await(s.Crowd, "deliveries", func() int { return int(s.left) })
}

func (s *scheduledRun) sendFor(d time.Duration) error {
	s.until = time.Since(s.Start) + d
	for s.Now < s.until {
		s.sendDue()
		if err := s.Turn(max(0, min(s.due, s.until)-time.Since(s.Start))); err != nil {
			return err
		}
	}
	return nil
}

// sendDue sends every message that is due.
func (s *scheduledRun) sendDue() {
	for now := time.Since(s.Start); s.due <= now && s.due < s.until; {
		s.send(s.order[s.turn])
		s.turn = (s.turn + 1) % len(s.order)
		s.due += time.Duration(s.random.ExpFloat64() * float64(s.every))
	}
}

func (s *scheduledRun) send(id int32) {
	from := &s.senders[id]
	at := from.round % maxOutstanding
	if from.missing[at] > 0 {
		s.Fail(fmt.Errorf("not sustained: connection %d has %d messages in flight", id, maxOutstanding))
		return
	}
	from.sent[at], from.missing[at] = s.due, int32(s.o.members)
	s.left += int64(s.o.members)
	t := s.templates[int(id)/s.o.members]
	t.Number(uint32(int(id)%s.o.members)<<16 | uint32(from.round))
	s.Send(id, t.Frame)
	from.round++
}

func (s *scheduledRun) deliver(id int32, number uint32) {
	place, ok := s.expected(id, number, s.next, s.o.members, "member")
	if !ok {
		return
	}
	round := uint16(number)
	from := &s.senders[int(id)/s.o.members*s.o.members+place]
	s.meter.delivered(from.sent[round%maxOutstanding])
	from.missing[round%maxOutstanding]--
	s.left--
}
