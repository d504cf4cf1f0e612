//go:build linux

package main

import (
	"fmt"
	"time"

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
	*crowd
	meter     meter
	templates []*wire.Template // by room
	slots     []slot           // by room, then slot
	next      []uint16         // the round that is due, by connection, then slot
	due       []int            // slots whose message is complete
	stopped   bool
}

type slot struct {
	round   uint16
	missing int32 // members that do not have it yet
	sent    time.Duration
}

func fanout(o options) (r result.Result, err error) {
	if o.rooms < 1 || o.members < 1 || o.inflight < 1 || o.inflight > 1<<16 {
		return r, fmt.Errorf("rooms, members and inflight must be positive")
	}
	c, err := newCrowd(o)
	if err != nil {
		return r, err
	}
	p := &party{crowd: c, meter: meter{crowd: c}, slots: make([]slot, o.rooms*o.inflight),
		next: make([]uint16, o.rooms*o.members*o.inflight)}
	c.deliver, c.afterRead = p.deliver, p.publishDue
	if err := p.gather(); err != nil {
		return r, err
	}
	for s := range p.slots {
		p.publish(s)
	}
	if r, err = p.meter.run(); err != nil {
		return r, err
	}
	return r, p.finish()
}

// gather fills the rooms one after the other: members in accept order.
func (p *party) gather() error {
	for room := range p.o.rooms {
		body := p.o.protocol.Publish(roomName(room), wire.Body(p.o.size))
		p.templates = append(p.templates, wire.NewTemplate(body))
	}
	name := func(id int) string { return roomName(id / p.o.members) }
	target := func(id int) string { return p.o.protocol.Target(name(id)) }
	if err := p.dial(p.o.rooms*p.o.members, target, name); err != nil {
		return err
	}
	return p.quiet()
}

func roomName(i int) string { return fmt.Sprintf("room%d", i) }

// quiet reads what joining has caused until nothing comes any more.
func (p *party) quiet() error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		before := p.reads
		if err := p.turn(50 * time.Millisecond); err != nil {
			return err
		}
		if p.reads == before && !p.o.spin {
			return nil
		}
	}
	return nil
}

// publish sends the next message of slot s, by a member that moves on by one each round.
func (p *party) publish(s int) {
	room, k := s/p.o.inflight, s%p.o.inflight
	slot := &p.slots[s]
	slot.missing, slot.sent = int32(p.o.members), time.Since(p.start)
	sender := (k*p.o.members/p.o.inflight + int(slot.round)) % p.o.members
	t := p.templates[room]
	t.Number(uint32(k)<<16 | uint32(slot.round))
	p.send(int32(room*p.o.members+sender), t.Frame)
}

func (p *party) deliver(id int32, number uint32) {
	k, round := int(number>>16), uint16(number)
	if k >= p.o.inflight {
		p.fail(fmt.Errorf("a message nobody sent: %x", number))
		return
	}
	next := &p.next[int(id)*p.o.inflight+k]
	if *next != round {
		p.fail(fmt.Errorf("connection %d got message %d of slot %d instead of %d", id, round, k, *next))
		return
	}
	*next++
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

// publishDue follows the messages that one read has completed with the next ones.
func (p *party) publishDue() {
	for _, s := range p.due {
		if !p.stopped {
			p.publish(s)
		}
	}
	p.due = p.due[:0]
}

// finish waits for what is still outstanding, as long as something comes.
func (p *party) finish() error {
	p.stopped = true
	left := p.outstanding()
	for end := p.now + lossWait; left > 0 && p.now < end; {
		if err := p.turn(50 * time.Millisecond); err != nil {
			return err
		}
		if n := p.outstanding(); n < left {
			left, end = n, p.now+lossWait
		}
	}
	if left > 0 {
		return fmt.Errorf("lost: %d deliveries never came", left)
	}
	return p.surplus()
}

func (p *party) outstanding() (n int) {
	for _, s := range p.slots {
		n += int(s.missing)
	}
	return n
}

// surplus listens a little longer for messages that come twice.
func (p *party) surplus() error {
	for end := p.now + 50*time.Millisecond; p.now < end; {
		if err := p.turn(50 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
