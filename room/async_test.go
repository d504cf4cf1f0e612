package room

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// asyncModel drives a shard on fakeLog. world checks what each member receives;
// the model checks the answers.
type asyncModel struct {
	rt      *rapid.T
	w       *world
	log     *fakeLog
	options *Options
	body    int
	evicts  int
	faults  bool               // of the log, until settle ends them
	members map[place]bool     // joined or joining, in the order of Submit
	joining map[place]int      // joins not answered yet
	leftAt  map[place]Position // where a client that left was
	acked   map[string]uint64  // room and key: offset
}

func newAsyncModel(rt *rapid.T) *asyncModel {
	a := &asyncModel{
		rt: rt, options: &Options{HistorySize: 100, Presence: true, JoinLeave: true},
		members: make(map[place]bool), joining: make(map[place]int), leftAt: make(map[place]Position), acked: make(map[string]uint64),
	}
	a.faults = rapid.Bool().Draw(rt, "faults")
	timeout := time.Hour
	if a.faults {
		timeout = 5 * time.Second
	}
	a.w = newWorld(rt, Config{
		RecoveryMaxPublications: 6, MaxInFlight: 40, LogTimeout: timeout,
		NewLog: func(_ int, sink Sink) Log { a.log = newFakeLog(rt, sink, a.faults); return a.log },
	})
	a.w.truth = func(room string, after uint64) []Publication {
		ms := a.log.room(room).msgs
		i := slices.IndexFunc(ms, func(p Publication) bool { return p.Offset > after })
		if i < 0 {
			return nil
		}
		return ms[i:]
	}
	return a
}

func (a *asyncModel) command(op Op) Command {
	c := Command{Op: op, Options: a.options}
	c.Room = rapid.SampledFrom([]string{"a", "b"}).Draw(a.rt, "room")
	c.Member = person(rapid.Uint64Range(1, 5).Draw(a.rt, "conn"))
	return c
}

func (a *asyncModel) text() []byte {
	a.body++
	return fmt.Append(nil, "m", a.body)
}

// mayFail tells whether the log's faults explain the error.
func (a *asyncModel) mayFail(err error) bool {
	return err == ErrBusy || a.faults && err == ErrLimit ||
		err == ErrTemporary && (a.faults || a.evicts > 0)
}

func (a *asyncModel) publish(*rapid.T) {
	c := a.command(Publish)
	c.From = c.Member.Info
	c.Data, c.IdempotencyKey = a.text(), rapid.SampledFrom([]string{"", "", "k", "l"}).Draw(a.rt, "key")
	a.w.do(c, func(got *Answer) {
		if got.Err != nil && !a.mayFail(got.Err) {
			a.rt.Fatalf("publish: %v", got.Err)
		}
		if got.Err != nil {
			return
		}
		k := c.Room + c.IdempotencyKey + c.From.User
		if c.IdempotencyKey == "" {
			k = string(c.Data)
		}
		if was, ok := a.acked[k]; ok && was != got.Position.Offset {
			a.rt.Fatalf("%s acknowledged at %d and %d", k, was, got.Position.Offset)
		}
		a.acked[k] = got.Position.Offset
		at := a.w.between(c.Room, got.Position.Offset-1, got.Position.Offset)
		if len(at) != 1 || c.IdempotencyKey == "" && string(at[0].Data) != string(c.Data) {
			a.rt.Fatalf("acknowledged %q at %d: %v", c.Data, got.Position.Offset, at)
		}
	})
}

// publishElsewhere stores a message of another node.
func (a *asyncModel) publishElsewhere(*rapid.T) {
	a.log.store(a.command(Publish).Room, a.text())
}

func (a *asyncModel) join(*rapid.T) {
	c := a.command(Join)
	k := place{c.Room, c.Member.Conn}
	since, back := a.leftAt[k]
	if back && rapid.IntRange(0, 9).Draw(a.rt, "future") == 0 {
		since.Offset += 20
	}
	c.Recover, c.Since, c.RejectUnrecovered = back, since, rapid.Bool().Draw(a.rt, "reject")
	was := a.mayBeMember(k)
	a.members[k] = true
	a.joining[k]++
	left := a.leaves(k)
	a.w.do(c, func(got *Answer) {
		a.joining[k]--
		switch {
		case got.Err == nil && got.More:
			a.joined(got, since)
			a.leftAt[k] = got.Position
		case got.Err == nil:
			a.joined(got, since)
			a.members[k] = a.leaves(k) == left // an eject may have come between
			return
		case got.Err == ErrAlreadyJoined && was:
			return
		case got.Err == ErrLeft && a.leaves(k) > left,
			got.Err == ErrUnrecoverable && back && c.RejectUnrecovered,
			a.mayFail(got.Err):
		default:
			a.rt.Fatalf("join: %v (was %v)", got.Err, was)
		}
		if a.w.sessions[k] == nil && a.leaves(k) == left {
			a.members[k] = false
		}
	})
}

func (a *asyncModel) joined(got *Answer, since Position) {
	switch {
	case got.Recovered:
		a.w.recovered(got, since)
	case got.Publications != nil:
		a.rt.Fatalf("a part of what was missed: %+v", got)
	}
}

// mayBeMember tells whether k may be a member, or be joining, when its next
// command is handled.
func (a *asyncModel) mayBeMember(k place) bool { return a.members[k] || a.joining[k] > 0 }

// leaves counts the leaves submitted for k.
func (a *asyncModel) leaves(k place) int { return a.w.leaves[k] }

func (a *asyncModel) leave(*rapid.T) {
	c := a.command(Leave)
	k := place{c.Room, c.Member.Conn}
	was := a.mayBeMember(k)
	a.members[k] = false
	a.w.leaves[k]++
	a.w.do(c, func(got *Answer) {
		if got.Err != nil && got.Err != ErrNotMember || got.Err == nil && !was {
			a.rt.Fatalf("leave: %v", got.Err)
		}
		if a.w.sessions[k] != nil {
			a.rt.Fatalf("still there after a leave: %v %v", k, got.Err)
		}
		a.noteLeft(k)
	})
}

// noteLeft notes a position that the client may have when it comes back: the last
// one, or one some messages before.
func (a *asyncModel) noteLeft(k place) {
	if ss := a.w.ended[k]; ss != nil {
		unseen := rapid.IntRange(0, min(3, len(ss.was)-1)).Draw(a.rt, "unseen")
		a.leftAt[k] = ss.was[len(ss.was)-1-unseen]
	}
}

func (a *asyncModel) insufficient(k place) {
	a.members[k] = false
	a.noteLeft(k)
	if !a.faults && a.evicts == 0 {
		a.rt.Fatalf("%v was ejected for no reason", k)
	}
}

func (a *asyncModel) ask(*rapid.T) {
	c := a.command(rapid.SampledFrom([]Op{Presence, PresenceStats, History}).Draw(a.rt, "op"))
	c.Limit = rapid.IntRange(-1, 3).Draw(a.rt, "limit")
	a.w.do(c, func(got *Answer) {
		if got.Err != nil && !a.mayFail(got.Err) {
			a.rt.Fatalf("%v: %v", c.Op, got.Err)
		}
	})
}

func (a *asyncModel) evict(*rapid.T) {
	if rapid.IntRange(0, 3).Draw(a.rt, "really") == 0 {
		a.evicts++
		a.log.evict(a.command(History).Room)
	}
}

func (a *asyncModel) logStep(*rapid.T) {
	for range rapid.IntRange(1, 4).Draw(a.rt, "happen") {
		a.log.step()
	}
}

func (a *asyncModel) time(*rapid.T) {
	d := []time.Duration{time.Millisecond, time.Second}
	if a.faults {
		d = append(d, 6*time.Second)
	}
	a.w.clock = a.w.clock.Add(rapid.SampledFrom(d).Draw(a.rt, "time"))
}

func (a *asyncModel) check(*rapid.T) {
	if rapid.Bool().Draw(a.rt, "turn") {
		a.w.turn()
	}
}

// endFaults ends the faults, completes everything that is pending, and makes
// the shard notice lost messages.
func (a *asyncModel) endFaults() {
	a.log.faults = false
	a.drain()
	a.w.advance(6 * time.Second) // the calls that were never answered time out
	a.drain()
	a.log.sink.Lost("")
	for range 6 {
		a.w.advance(1100 * time.Millisecond)
		a.drain()
	}
}

func (a *asyncModel) drain() {
	a.w.turn()
	for a.log.step() {
		a.w.turn()
	}
}

// checkAll checks that all members are up to date and that all that left can
// rejoin without loss.
func (a *asyncModel) checkAll() {
	a.endFaults()
	a.w.upToDate()
	for k, since := range a.leftAt {
		if a.w.sessions[k] != nil {
			continue
		}
		a.rejoin(k, since)
	}
	a.endFaults()
	a.w.upToDate()
	a.checkEmpty()
}

// rejoin joins with recovery, page by page.
func (a *asyncModel) rejoin(k place, since Position) {
	missed := a.w.truth(k.room, since.Offset)
	lost := a.log.room(k.room).evicted > since.Offset
	c := Command{Op: Join, Room: k.room, Options: a.options, Member: person(k.conn), Recover: true, Since: since}
	a.w.do(c, func(got *Answer) {
		if got.Err != nil || got.Recovered == (lost && len(missed) > 0) || len(got.Publications) > 6 {
			a.rt.Fatalf("back at %v: %+v; missed %v, lost %v", since, got, missed, lost)
		}
		a.joined(got, since)
		if got.More {
			a.rejoin(k, got.Position)
		}
	})
}

// checkEmpty checks that nothing is left when all members have left.
func (a *asyncModel) checkEmpty() {
	for k := range a.w.sessions {
		a.w.do(Command{Op: Leave, Room: k.room, Member: person(k.conn)}, nil)
	}
	a.endFaults()
	a.w.upToDate()
	s := a.w.s
	if len(s.rooms)+s.waits.n != 0 || a.w.h.rooms.Load() != 0 || s.members != 0 {
		a.rt.Fatalf("left over: %d rooms, %d waits, %+v", len(s.rooms), s.waits.n, a.w.h.Stats())
	}
}

func TestAsyncLogModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := newAsyncModel(rt)
		a.w.ejected = a.insufficient
		rt.Repeat(map[string]func(*rapid.T){
			"publish": a.publish, "publish2": a.publish, "other": a.publishElsewhere,
			"join": a.join, "join2": a.join, "leave": a.leave, "ask": a.ask,
			"happen": a.logStep, "happen2": a.logStep, "happen3": a.logStep,
			"time": a.time, "evict": a.evict,
			"": a.check,
		})
		a.checkAll()
	})
}
