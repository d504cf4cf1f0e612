package room

import "context"

// StopPublishes ends publishing before the members are disconnected. Without it
// a publish could be acknowledged although members that are gone already miss the
// message. From some moment of each shard on, every publish is answered with
// ErrBusy, also a repeat of an idempotent one. Everything else goes on.
//
// It returns nil when all publishes accepted before that moment have been
// answered, and Config.Deliver has been given the answers and the messages. It
// returns ctx's error if ctx ends first. A log that does not answer delays it for
// Config.LogTimeout. Any goroutine may call it; it cannot be undone.
func (h *Hub) StopPublishes(ctx context.Context) error {
	stopped := make(chan struct{}, len(h.shards))
	for _, s := range h.shards {
		n := s.box.node()
		n.kind, n.call = call, func() { s.stopPublishes(func() { stopped <- struct{}{} }) }
		s.box.put(n)
	}
	for range h.shards {
		select {
		case <-stopped:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// stopPublishes refuses the publishes behind this entry of the mailbox. done is
// called at the end of the turn in which the last one before it was delivered.
func (s *shard) stopPublishes(done func()) {
	s.stopped = true
	s.onStopped = append(s.onStopped, done)
}

// notifyStopped runs at the end of a turn, behind the delivery.
func (s *shard) notifyStopped() {
	if len(s.onStopped) == 0 || s.waits.hasPublish() || s.behindLog() {
		return
	}
	for _, done := range s.onStopped {
		done()
	}
	s.onStopped = nil
}

// behindLog tells whether a message that is known to exist has not come from the
// log yet. The memory log brings each message before its acknowledgement.
func (s *shard) behindLog() bool {
	for i := range s.gapChecks.items[s.gapChecks.head:] {
		x := &s.gapChecks.items[s.gapChecks.head+i]
		if x.offset != readAlways && !x.room.closed && x.offset > x.room.head {
			return true
		}
	}
	return false
}
