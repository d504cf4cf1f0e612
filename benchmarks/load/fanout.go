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

// fanoutRun has rooms of equal size. Each has inflight slots with one message in flight, and the
// slot's next message is sent, by another member, when the last member has received it.
//
// The number of a message is its slot and the round of the slot (16 bits each). So it is known for
// every member what it must receive next from each slot, and a lost, repeated or reordered message
// is noticed at once.
type fanoutRun struct {
	*crowd.Crowd
	o         options
	meter     meter
	templates []*wire.Template // by room
	slots     []slot           // by room, then slot
	next      []uint16         // the round that must come next, by connection, then slot
	due       []int            // slots whose message is complete
	stopped   bool
}

// lossWait is how long nothing may arrive until messages in flight count as lost.
const lossWait = 3 * time.Second

type slot struct {
	round   uint16
	missing int32 // members that do not have it yet
	sent    time.Duration
}

func fanout(o options) (r result.Result, err error) {
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
	return r, p.listenForRepeats()
}

func newFanoutRun(o options) (*fanoutRun, error) {
	if o.rooms < 1 || o.members < 1 || o.inflight < 1 || o.inflight > 1<<16 {
		return nil, fmt.Errorf("rooms, members and inflight must be positive")
	}
	c, err := o.crowd()
	if err != nil {
		return nil, err
	}
	p := &fanoutRun{Crowd: c, o: o, meter: newMeter(c, o), slots: make([]slot, o.rooms*o.inflight),
		next: make([]uint16, o.rooms*o.members*o.inflight)}
	c.Deliver, c.AfterRead = p.deliver, p.publishDue
	return p, nil
}

func (p *fanoutRun) resume() {
	p.stopped = false
	for s := range p.slots {
		p.publish(s)
	}
}

func (p *fanoutRun) pause() error {
	p.stopped = true
	return await(p.Crowd, "deliveries", p.outstanding)
}

// openRooms opens the connections of one room after the other, so that the members are in accept
// order, unless they are churned.
func (p *fanoutRun) openRooms() error {
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

// churn has a random half of the members leave and reconnect. The half is the same in every run.
func (p *fanoutRun) churn(seed uint64) error {
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

func (p *fanoutRun) room(id int) string { return roomName(id / p.o.members) }

func roomName(i int) string { return fmt.Sprintf("room%d", i) }

// publish sends the next message of slot s. The sender is the next member in each round.
func (p *fanoutRun) publish(s int) {
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

func (p *fanoutRun) deliver(id int32, number uint32) {
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

// expected splits the number of a message and returns its source, one of sources many. Unless it is the next message of
// that source for connection id, the run fails and it returns false. next is indexed by connection, then source.
func (p *fanoutRun) expected(id int32, number uint32, next []uint16, sources int, source string) (int, bool) {
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

// publishDue sends the messages that follow those that the last read has completed.
func (p *fanoutRun) publishDue() {
	for _, s := range p.due {
		if !p.stopped {
			p.publish(s)
		}
	}
	p.due = p.due[:0]
}

func (p *fanoutRun) outstanding() (n int) {
	for _, s := range p.slots {
		n += int(s.missing)
	}
	return n
}

// listenForRepeats receives a little longer, in case a message comes twice.
func (p *fanoutRun) listenForRepeats() error { return p.TurnFor(50 * time.Millisecond) }
