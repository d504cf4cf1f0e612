package room

import (
	"slices"

	"pgregory.net/rapid"
)

// fakeLog is a log that does all that the contract of Log allows: it answers
// late and in any order, refuses, does not answer, loses messages of the feed, and
// has messages of other nodes.
type fakeLog struct {
	rt    *rapid.T
	sink  Sink
	epoch string
	seq   uint64
	rooms map[string]*fakeRoom
	acks  []func()
	reads []func()
	// faults allows refusals, missing answers and lost messages.
	faults bool
	lost   int
	down   bool
}

type fakeRoom struct {
	msgs    []Publication
	evicted uint64
	open    bool
	feed    []Publication
	keys    map[string]uint64
}

func newFakeLog(rt *rapid.T, sink Sink, faults bool) *fakeLog {
	return &fakeLog{rt: rt, sink: sink, faults: faults, epoch: "e", rooms: make(map[string]*fakeRoom)}
}

func (l *fakeLog) room(name string) *fakeRoom {
	r := l.rooms[name]
	if r == nil {
		r = &fakeRoom{keys: make(map[string]uint64)}
		l.rooms[name] = r
	}
	return r
}

func (l *fakeLog) Open(room string, _ *Options) error { l.room(room).open = true; return nil }

// Close does not remove messages from the feed that are on their way.
func (l *fakeLog) Close(room string) { l.room(room).open = false }

func (l *fakeLog) Shutdown() { l.down = true }

// store stores a message of any node.
func (l *fakeLog) store(room string, body []byte) uint64 {
	r := l.room(room)
	l.seq += rapid.Uint64Range(1, 3).Draw(l.rt, "step")
	p := Publication{Offset: l.seq, Data: body}
	if n := len(r.msgs); n > 0 {
		p.Prev = r.msgs[n-1].Offset
	}
	r.msgs = append(r.msgs, p)
	if r.open {
		r.feed = append(r.feed, p)
	}
	return l.seq
}

func (l *fakeLog) Append(token uint64, a Append) {
	r := l.room(a.Room)
	fate := rapid.IntRange(0, 9).Draw(l.rt, "fate")
	if l.faults && fate == 0 {
		l.acks = append(l.acks, func() { l.sink.Appended(token, Stored{Err: ErrLimit}) })
		return
	}
	if l.faults && fate == 1 {
		return // lost on the way there: silence
	}
	offset, ok := r.keys[a.Key]
	if !ok || a.Key == "" {
		offset = l.store(a.Room, a.Data)
		r.keys[a.Key] = offset
	}
	if l.faults && fate == 2 {
		return // stored, but the answer is lost
	}
	l.acks = append(l.acks, func() { l.sink.Appended(token, Stored{Position: Position{offset, l.epoch}}) })
}

// Read answers with the state of the call, or of the later answer.
func (l *fakeLog) Read(token uint64, q Query) {
	if l.faults && rapid.IntRange(0, 19).Draw(l.rt, "silent") == 0 {
		return
	}
	if rapid.Bool().Draw(l.rt, "early") {
		res := l.read(q)
		l.reads = append(l.reads, func() { l.sink.Found(token, res) })
	} else {
		l.reads = append(l.reads, func() { l.sink.Found(token, l.read(q)) })
	}
}

func (l *fakeLog) read(q Query) (res Result) {
	r := l.room(q.Room)
	res.Position = Position{l.seq, l.epoch}
	res.Complete = q.HasSince && q.Since.Offset >= r.evicted && q.Since.Offset <= l.seq
	for _, p := range r.msgs {
		if q.HasSince && p.Offset <= q.Since.Offset || p.Offset <= r.evicted {
			continue
		}
		if len(res.Publications) == q.Limit {
			res.Complete = false
			break
		}
		res.Publications = append(res.Publications, p)
	}
	return res
}

// evict drops a room's history.
func (l *fakeLog) evict(room string) {
	if r := l.room(room); len(r.msgs) > 0 {
		r.evicted = r.msgs[len(r.msgs)-1].Offset
	}
}

// step completes one pending operation that rapid chooses. It reports whether
// there was one.
func (l *fakeLog) step() bool {
	var fed []string
	for name, r := range l.rooms {
		if len(r.feed) > 0 {
			fed = append(fed, name)
		}
	}
	slices.Sort(fed)
	n := len(l.acks) + len(l.reads) + len(fed)
	if n == 0 {
		return false
	}
	i := rapid.IntRange(0, n-1).Draw(l.rt, "pending")
	switch {
	case i < len(l.acks):
		l.acks[i]()
		l.acks = slices.Delete(l.acks, i, i+1)
	case i < len(l.acks)+len(l.reads):
		i -= len(l.acks)
		l.reads[i]()
		l.reads = slices.Delete(l.reads, i, i+1)
	default:
		l.deliver(fed[i-len(l.acks)-len(l.reads)])
	}
	return true
}

func (l *fakeLog) deliver(name string) {
	r := l.room(name)
	p := r.feed[0]
	r.feed = r.feed[1:]
	if l.faults && rapid.IntRange(0, 7).Draw(l.rt, "lost") == 0 {
		l.lost++
		return
	}
	l.sink.Message(name, &p)
}
