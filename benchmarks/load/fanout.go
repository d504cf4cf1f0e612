//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// party is rooms of equal size. In each, inflight slots hold one message each, and the
// next one is sent, by another member, when the last member has it.
//
// The number of a message is its slot and the round of the slot (16 bits each), so every
// member knows what it must get next from each slot: a lost, repeated or reordered message
// is seen at once.
type party struct {
	*crowd.Crowd
	o         options
	meter     meter
	templates []*wire.Template // by room
	slots     []slot           // by room, then slot
	next      []uint16         // the round that is due, by connection, then slot
	due       []int            // slots whose message is complete
	stopped   bool
}

// lossWait is how long what is outstanding may be: without anything arriving it is lost.
const lossWait = 3 * time.Second

type slot struct {
	round   uint16
	missing int32 // members that do not have it yet
	sent    time.Duration
}

func fanout(o options) (r result.Result, err error) {
	p, err := newParty(o)
	if err != nil {
		return r, err
	}
	if err := p.gather(); err != nil {
		return r, err
	}
	if r, err = p.meter.run(p); err != nil {
		return r, err
	}
	return r, p.surplus()
}

func newParty(o options) (*party, error) {
	if o.rooms < 1 || o.members < 1 || o.inflight < 1 || o.inflight > 1<<16 {
		return nil, fmt.Errorf("rooms, members and inflight must be positive")
	}
	c, err := o.crowd()
	if err != nil {
		return nil, err
	}
	p := &party{Crowd: c, o: o, meter: newMeter(c, o), slots: make([]slot, o.rooms*o.inflight),
		next: make([]uint16, o.rooms*o.members*o.inflight)}
	c.Deliver, c.AfterRead = p.deliver, p.publishDue
	return p, nil
}

// talk begins in every slot, hush waits until every member has everything.
func (p *party) talk() {
	p.stopped = false
	for s := range p.slots {
		p.publish(s)
	}
}

func (p *party) hush() error {
	p.stopped = true
	return await(p.Crowd, "deliveries", p.outstanding)
}

// gather fills the rooms one after the other: members in accept order, until churn.
func (p *party) gather() error {
	for room := range p.o.rooms {
		body := p.o.protocol.Publish(roomName(room), wire.Body(p.o.size))
		p.templates = append(p.templates, wire.NewTemplate(body))
	}
	if err := p.Grow(p.o.rooms*p.o.members, p.room); err != nil {
		return err
	}
	for i := range p.o.churn {
		if err := p.churn(uint64(i)); err != nil {
			return err
		}
	}
	if err := p.Quiet(); err != nil {
		return err
	}
	for id := range p.Len() {
		p.ListenOnly(int32(id))
	}
	return nil
}

// churn makes a random half leave and come back: the same on every run.
func (p *party) churn(seed uint64) error {
	if err := p.Quiet(); err != nil {
		return err
	}
	half := make([]int32, p.Len()/2)
	for i, id := range rand.New(rand.NewPCG(seed, 4)).Perm(p.Len())[:len(half)] {
		half[i] = int32(id)
	}
	p.Hangup(half, false)
	if err := p.Quiet(); err != nil {
		return err
	}
	return p.Dial(half, p.room)
}

func (p *party) room(id int) string { return roomName(id / p.o.members) }

func roomName(i int) string { return fmt.Sprintf("room%d", i) }

// publish sends the next message of slot s, by a member that moves on by one each round.
func (p *party) publish(s int) {
	room, k := s/p.o.inflight, s%p.o.inflight
	slot := &p.slots[s]
	slot.missing, slot.sent = int32(p.o.members), time.Since(p.Start)
	sender := (k*p.o.members/p.o.inflight + int(slot.round)) % p.o.members
	t := p.templates[room]
	t.Number(uint32(k)<<16 | uint32(slot.round))
	id := int32(room*p.o.members + sender)
	p.Send(id, t.Frame)
	p.ListenOnly(id)
}

func (p *party) deliver(id int32, number uint32) {
	k, ok := p.expected(id, number, p.next, p.o.inflight, "slot")
	if !ok {
		return
	}
	s := int(id)/p.o.members*p.o.inflight + k
	slot := &p.slots[s]
	p.meter.delivered(slot.sent)
	if slot.missing--; slot.missing == 0 {
		slot.round++
		if p.meter.running {
			p.meter.messages++
		}
		p.due = append(p.due, s)
	}
}

// expected takes the number of a message apart and tells its source, of which there are so many; false, and a fault,
// unless it is the next one of that source for connection id. next is by connection, then source.
func (p *party) expected(id int32, number uint32, next []uint16, sources int, source string) (int, bool) {
	from, round := int(number>>16), uint16(number)
	if from >= sources {
		p.Fail(fmt.Errorf("a message nobody sent: %x", number))
		return 0, false
	}
	due := &next[int(id)*sources+from]
	if *due != round {
		p.Fail(fmt.Errorf("connection %d got message %d of %s %d instead of %d", id, round, source, from, *due))
		return 0, false
	}
	*due++
	return from, true
}

// publishDue follows the messages that one read has completed with the next ones.
func (p *party) publishDue() {
	for _, s := range p.due {
		if !p.stopped {
			p.publish(s)
		}
	}
	p.due = p.due[:0]
}

func (p *party) outstanding() (n int) {
	for _, s := range p.slots {
		n += int(s.missing)
	}
	return n
}

// surplus listens a little longer for messages that come twice.
func (p *party) surplus() error { return p.TurnFor(50 * time.Millisecond) }
