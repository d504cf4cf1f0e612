package room

import "sync/atomic"

// remote is the Sink of a log that lives outside the shard: everything goes
// through the mailbox. (The memory log calls the shard directly, being called
// by it.)
type remote struct{ s *shard }

// feedBound bounds the messages of the log that wait in the mailbox. One too
// many is dropped: the room sees the gap by the next message, or because lost
// makes the shard look, and reads up on it.
type feedBound struct {
	n    atomic.Int64
	max  int64
	lost atomic.Bool
}

func (r remote) Appended(token uint64, st Stored) {
	n := r.s.box.node()
	n.kind, n.token, n.stored = appended, token, st
	r.s.box.put(n)
}

func (r remote) Found(token uint64, res Result) {
	n := r.s.box.node()
	n.kind, n.token, n.result = found, token, res
	r.s.box.put(n)
}

func (r remote) Message(room string, p *Publication) {
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

func (r remote) Lost(room string) {
	n := r.s.box.node()
	n.kind, n.room = lost, room
	r.s.box.put(n)
}
