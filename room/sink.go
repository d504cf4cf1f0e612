package room

import "sync/atomic"

// The shard is the Sink of its log. The methods of this file are called by the
// shard's goroutine: by the memory log within the shard's call, and for any other
// log from the mailbox (remoteSink).
var _ Sink = (*shard)(nil)

// Appended answers a publish, and its idempotent repeats.
func (s *shard) Appended(token uint64, st Stored) {
	w := s.waits.get(token)
	if w == nil || w.cmd.Op != Publish {
		return
	}
	if st.Err != nil {
		s.keys.failed(w.key, token)
	} else {
		s.keys.stored(w.key, token, st.Position)
		s.noteOffset(s.rooms[w.cmd.Room], st.Position.Offset)
	}
	s.acknowledge(&w.cmd, st, false)
	for _, t := range w.repeats {
		if r := s.waits.get(t); r != nil {
			s.acknowledge(&r.cmd, st, true)
			s.waits.end(r)
		}
	}
	s.waits.end(w)
}

// Found is the answer to the read of a join, a history or a repair.
func (s *shard) Found(token uint64, res Result) {
	w := s.waits.get(token)
	if w == nil {
		return
	}
	switch w.cmd.Op {
	case Join:
		if w.result == nil || res.Err != nil { // else it was read and waits for the feed
			s.joinFound(w, &res)
		}
	case History:
		s.historyFound(w, &res)
	case repair:
		s.repairFound(w, &res)
	}
}

// Message broadcasts a message. The message of a room without members is encoded
// when it is read.
func (s *shard) Message(room string, p *Publication) {
	if r := s.rooms[room]; r != nil {
		s.receive(r, p)
		s.headMoved(r)
	}
}

// Lost schedules a read of the room, or of all rooms.
func (s *shard) Lost(room string) {
	if r := s.rooms[room]; r != nil {
		s.scheduleGapCheck(r, readAlways)
	}
	if room != "" {
		return
	}
	for _, r := range s.rooms {
		s.scheduleGapCheck(r, readAlways)
	}
}

// ensureEncoded encodes a message in a form, unless it is.
func (s *shard) ensureEncoded(room string, p *Publication, f Form) {
	if p.Encoded[f] == nil {
		s.cfg.Encode(room, p, f)
	}
}

// remoteSink is the Sink of a log outside the shard. Any goroutine may call it:
// everything goes through the mailbox.
type remoteSink struct{ s *shard }

// feedBound bounds the messages of the log that wait in the mailbox. A message
// beyond it is dropped. The room finds the gap by the next message, or by the gap
// check that lost causes.
type feedBound struct {
	n    atomic.Int64
	max  int64
	lost atomic.Bool
}

func (r remoteSink) Appended(token uint64, st Stored) {
	n := r.s.box.node()
	n.kind, n.token, n.stored = appended, token, st
	r.s.box.put(n)
}

func (r remoteSink) Found(token uint64, res Result) {
	n := r.s.box.node()
	n.kind, n.token, n.result = found, token, res
	r.s.box.put(n)
}

func (r remoteSink) Message(room string, p *Publication) {
	f := &r.s.feed
	if f.n.Add(1) > f.max {
		f.n.Add(-1)
		f.lost.Store(true)
		return
	}
	n := r.s.box.node()
	n.kind, n.room, n.pub = message, room, p
	r.s.box.put(n)
}

func (r remoteSink) Lost(room string) {
	n := r.s.box.node()
	n.kind, n.room = lost, room
	r.s.box.put(n)
}
