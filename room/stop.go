package room

import "context"

// StopPublishes ends publishing, for a hub whose members are about to be
// disconnected: a message that was accepted then would be acknowledged and miss
// the members that are gone already. From some moment of each shard on, every
// publish is answered with ErrBusy, repeats of idempotent ones too. Everything
// else goes on.
//
// It returns nil when all publishes that were accepted before that moment have
// been answered, and the answers and messages been handed to Config.Deliver, or
// ctx's error when ctx ends first. A log that stays silent holds it up for
// Config.LogTimeout. Any goroutine may call it; there is no way back.
func (h *Hub) StopPublishes(ctx context.Context) error {
	settled := make(chan struct{}, len(h.shards))
	for _, s := range h.shards {
		n := s.box.node()
		n.kind, n.call = call, func() { s.stopPublishes(func() { settled <- struct{}{} }) }
		s.box.put(n)
	}
	for range h.shards {
		select {
		case <-settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stopPublishes refuses what stands behind this entry of the mailbox. settled
// is called, at the end of a turn, when nothing is left of what stood before.
func (s *shard) stopPublishes(settled func()) {
	s.stopped = true
	s.settled = append(s.settled, settled)
}

// settle tells that the last accepted publish is with the loops. It runs behind
// the delivery of a turn.
func (s *shard) settle() {
	if len(s.settled) == 0 || s.waits.publishes() || s.lagging() {
		return
	}
	for _, f := range s.settled {
		f()
	}
	s.settled = nil
}

// publishes tells whether the log owes an answer to a publish.
func (t *waits) publishes() bool {
	for _, w := range t.slots {
		if w.token != 0 && w.cmd.Op == Publish {
			return true
		}
	}
	return false
}

// lagging tells whether messages that are known to exist have not come from the
// log yet. The memory log brings each with its answer.
func (s *shard) lagging() bool {
	for i := range s.suspect.items[s.suspect.head:] {
		x := &s.suspect.items[s.suspect.head+i]
		if x.offset != anyOffset && !x.room.gone && x.offset > x.room.head {
			return true
		}
	}
	return false
}
