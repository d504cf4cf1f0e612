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

// recoveryRun has one room with history and presence. All clients but the publisher leave, the
// publisher continues, and then all clients reconnect at once and must receive exactly the
// missed messages. This is repeated, always from the same position.
type recoveryRun struct {
	*crowd.Crowd
	o        options
	meter    meter
	protocol wire.Recoverer
	request  []byte
	commands []byte // framed: connect, and subscribe from the position before the messages
	clients  []client
	ids      []int32
	complete int // clients that have everything in this round
	present  bool
}

// client is one that reconnects, or the publisher, which is number 0.
type client struct {
	begun time.Duration
	next  uint32
}

const recoveryRoom = "recovery"

func recovery(o options) (r result.Result, err error) {
	protocol, ok := o.protocol.(wire.Recoverer)
	if !ok || o.conns < 1 || o.messages < 1 {
		return r, fmt.Errorf("recovery needs the protocol centrifuge, --conns and --messages")
	}
	c, err := o.crowd()
	if err != nil {
		return r, err
	}
	s := &recoveryRun{Crowd: c, o: o, meter: newMeter(c, o), protocol: protocol, clients: make([]client, o.conns+1),
		request: wire.Request(o.addr.String(), o.protocol.Target(recoveryRoom))}
	c.Precise = true
	if err := s.prepare(); err != nil {
		return r, err
	}
	return s.run()
}

// prepare has all clients join, checks the presence, has all but the publisher leave, and publishes
// the messages.
func (s *recoveryRun) prepare() error {
	var noPosition error = fmt.Errorf("no reply contains the position of the room")
	s.Joined = func(_ int32, payload []byte) {
		var commands []byte
		if commands, noPosition = s.protocol.Recover(recoveryRoom, payload); noPosition == nil {
			s.commands = wire.Masked(wire.OpText, commands)
		}
	}
	if err := s.Grow(len(s.clients), func(int) string { return recoveryRoom }); err != nil {
		return err
	}
	if noPosition != nil {
		return noPosition
	}
	if err := s.checkPresence(); err != nil {
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

// checkPresence asks for the presence, which must contain all clients.
func (s *recoveryRun) checkPresence() error {
	ask, want := s.protocol.Presence(recoveryRoom, len(s.clients))
	s.Other = func(_ int32, payload []byte) { s.present = s.present || bytes.Contains(payload, want) }
	s.Send(0, wire.Masked(wire.OpText, ask))
	if err := s.wait(func() bool { return s.present }); err != nil {
		return fmt.Errorf("presence of %d: %w", len(s.clients), err)
	}
	s.Other = func(int32, []byte) {}
	return nil
}

// publish sends the messages that the others miss, each after the last one has come back.
func (s *recoveryRun) publish() error {
	t := wire.NewTemplate(s.o.protocol.Publish(recoveryRoom, wire.Body(s.o.size)))
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

// wait receives until done reports true. After patience it gives up.
func (s *recoveryRun) wait(done func() bool) error {
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

// run repeats reconnecting. The time in between, in which the connections are closed, is not
// measured.
func (s *recoveryRun) run() (r result.Result, err error) {
	s.Upgraded = func(id int32) { s.Send(id, s.commands) }
	s.Room(len(s.clients))
	rounds := int64(0)
	for begin := time.Now(); rounds < 3 || time.Since(begin) < s.o.seconds; rounds++ {
		s.meter.begin()
		if err := s.reconnectAll(); err != nil {
			return r, fmt.Errorf("round %d: %w", rounds+1, err)
		}
		s.meter.end()
		s.Hangup(s.ids, true)
		if err := s.Quiet(); err != nil {
			return r, err
		}
	}
	took, clients := s.meter.took(), rounds*int64(len(s.ids))
	r = result.Result{Connections: s.Len(), Seconds: took.Seconds(), Messages: clients * int64(s.o.messages), Deliveries: clients * int64(s.o.messages),
		Connects: float64(clients) / took.Seconds(), ServerCPU: s.meter.cpuPer(clients), GeneratorIdle: float64(s.meter.sum.asleep) / float64(took)}
	s.meter.latency.quantiles(&r)
	return r, nil
}

// reconnectAll opens all clients at once and waits until the last one has received what it missed.
func (s *recoveryRun) reconnectAll() error {
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

func (s *recoveryRun) deliver(id int32, number uint32) {
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
