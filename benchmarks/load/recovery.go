//go:build linux

package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// storm is one room with history and presence. Everybody but the publisher leaves, the
// publisher goes on, and then all come back at once and must get exactly what they missed:
// again and again, from the same place.
type storm struct {
	*crowd.Crowd
	o        options
	meter    meter
	protocol wire.Recoverer
	request  []byte
	hello    []byte // framed: connect, and subscribe from where everybody was
	clients  []client
	ids      []int32
	complete int // clients of this round that have everything
	present  bool
}

// client is one that comes back. The publisher is number 0.
type client struct {
	begun time.Duration
	next  uint32
}

const stormRoom = "storm"

func recovery(o options) (r result.Result, err error) {
	protocol, ok := o.protocol.(wire.Recoverer)
	if !ok || o.conns < 1 || o.messages < 1 {
		return r, fmt.Errorf("recovery needs a protocol that can, clients and messages")
	}
	c, err := o.crowd()
	if err != nil {
		return r, err
	}
	s := &storm{Crowd: c, o: o, meter: newMeter(c, o), protocol: protocol, clients: make([]client, o.conns+1),
		request: wire.Request(o.addr.String(), o.protocol.Target(stormRoom))}
	c.Precise = true
	if err := s.scatter(); err != nil {
		return r, err
	}
	return s.run()
}

// scatter has everybody join, checks who is present, and leaves the publisher alone to talk.
func (s *storm) scatter() error {
	var at error = fmt.Errorf("no answer says where the room is")
	s.Joined = func(_ int32, payload []byte) {
		var hello []byte
		if hello, at = s.protocol.Recover(stormRoom, payload); at == nil {
			s.hello = wire.Masked(wire.OpText, hello)
		}
	}
	if err := s.Grow(len(s.clients), func(int) string { return stormRoom }); err != nil {
		return err
	}
	if at != nil {
		return at
	}
	if err := s.roll(); err != nil {
		return err
	}
	for id := 1; id < len(s.clients); id++ {
		s.ids = append(s.ids, int32(id))
	}
	s.Hangup(s.ids, true)
	if err := s.Quiet(); err != nil {
		return err
	}
	return s.publish()
}

// roll calls the roll: presence has everybody.
func (s *storm) roll() error {
	ask, want := s.protocol.Presence(stormRoom, len(s.clients))
	s.Other = func(_ int32, payload []byte) { s.present = s.present || bytes.Contains(payload, want) }
	s.Send(0, wire.Masked(wire.OpText, ask))
	if err := s.wait(func() bool { return s.present }); err != nil {
		return fmt.Errorf("presence of %d: %w", len(s.clients), err)
	}
	s.Other = func(int32, []byte) {}
	return nil
}

// publish sends what the others will have missed, one message when the last one is back.
func (s *storm) publish() error {
	t := wire.NewTemplate(s.o.protocol.Publish(stormRoom, wire.Body(s.o.size)))
	s.Deliver = s.deliver
	for n := range s.o.messages {
		t.Number(uint32(n))
		s.Send(0, t.Frame)
		if err := s.wait(func() bool { return s.clients[0].next > uint32(n) }); err != nil {
			return fmt.Errorf("message %d: %w", n, err)
		}
	}
	return nil
}

// wait turns until done, or is lost.
func (s *storm) wait(done func() bool) error {
	for end := time.Since(s.Start) + patience; !done(); {
		if err := s.Turn(50 * time.Millisecond); err != nil {
			return err
		}
		if s.Now > end {
			return fmt.Errorf("lost: nothing came for %v", patience)
		}
	}
	return nil
}

const patience = 10 * time.Second

// run repeats the storm. The time between two, in which the connections are closed, is not
// counted.
func (s *storm) run() (r result.Result, err error) {
	s.Upgraded = func(id int32) { s.Send(id, s.hello) }
	s.Room(len(s.clients))
	storms := int64(0)
	for begin := time.Now(); storms < 3 || time.Since(begin) < s.o.seconds; storms++ {
		s.meter.begin()
		if err := s.comeBack(); err != nil {
			return r, fmt.Errorf("storm %d: %w", storms+1, err)
		}
		s.meter.end()
		s.Hangup(s.ids, true)
		if err := s.Quiet(); err != nil {
			return r, err
		}
	}
	back, clients := s.meter.took(), storms*int64(len(s.ids))
	r = result.Result{Connections: s.Len(), Seconds: back.Seconds(), Messages: clients * int64(s.o.messages), Deliveries: clients * int64(s.o.messages),
		Connects: float64(clients) / back.Seconds(), ServerCPU: s.meter.cpuPer(clients), GeneratorIdle: float64(s.meter.sum.asleep) / float64(back)}
	s.meter.latency.quantiles(&r)
	return r, nil
}

// comeBack opens everybody at once and waits until the last one has what it missed.
func (s *storm) comeBack() error {
	s.complete = 0
	for _, id := range s.ids {
		s.clients[id] = client{begun: time.Since(s.Start)}
		s.Open(id, s.request)
	}
	err := s.wait(func() bool { return s.complete == len(s.ids) })
	if err != nil {
		return fmt.Errorf("%w; %d of %d are complete", err, s.complete, len(s.ids))
	}
	return nil
}

func (s *storm) deliver(id int32, number uint32) {
	c := &s.clients[id]
	if number != c.next {
		s.Fail(fmt.Errorf("connection %d got message %d instead of %d", id, number, c.next))
		return
	}
	if c.next++; c.next == uint32(s.o.messages) && id != 0 {
		s.meter.delivered(c.begun)
		s.complete++
	}
}
