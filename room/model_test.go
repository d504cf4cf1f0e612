package room

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is a simple model of a shard on the memory log. It gets every command in
// the order of Submit and predicts the answer.
type model struct {
	w            *world
	rt           *rapid.T
	seq          uint64
	epoch        string
	rooms        map[string]*modelRoom
	keys         map[string]modelKey
	options      map[string]*Options
	leftAt       map[place]Position // where a client that left was
	came         map[uint64]time.Duration
	allMarksKept bool   // the bound on forgotten rooms is not met
	numMembers   uint64 // few of them leave rooms empty
}

type modelRoom struct {
	msgs    []Publication
	members map[uint64]Member
}

type modelKey struct {
	offset uint64
	at     time.Duration
}

func modelOptions() map[string]*Options {
	day := &Options{Namespace: "day", HistorySize: 5, HistoryTTL: time.Minute, Presence: true, JoinLeave: true}
	return map[string]*Options{
		"day": day, "day2": day, "day3": day,
		"short": {Namespace: "short", HistorySize: 2, HistoryTTL: 3 * time.Second, Presence: true},
		"none":  {Namespace: "none", Presence: true, JoinLeave: true, ForceJoinLeave: true},
	}
}

func newModel(rt *rapid.T, forgotten int) *model {
	m := &model{
		rt: rt, allMarksKept: forgotten == 0, numMembers: 7, options: modelOptions(), rooms: make(map[string]*modelRoom),
		keys: make(map[string]modelKey), leftAt: make(map[place]Position), came: make(map[uint64]time.Duration),
	}
	m.w = newWorld(rt, Config{RecoveryMaxPublications: 2, HistoryMaxLimit: 4, PresenceMax: 5, ForgottenRooms: forgotten})
	m.epoch = m.w.s.mem().epoch
	m.w.truth = func(room string, after uint64) []Publication {
		ms := m.room(room).msgs
		i := slices.IndexFunc(ms, func(p Publication) bool { return p.Offset > after })
		if i < 0 {
			return nil
		}
		return ms[i:]
	}
	return m
}

func (m *model) room(name string) *modelRoom {
	r := m.rooms[name]
	if r == nil {
		r = &modelRoom{members: make(map[uint64]Member)}
		m.rooms[name] = r
	}
	return r
}

// kept returns the room's history.
func (m *model) kept(name string) []Publication {
	o, ms := m.options[name], m.room(name).msgs
	ms = ms[max(0, len(ms)-o.HistorySize):]
	for len(ms) > 0 && m.w.now-m.came[ms[0].Offset] >= o.HistoryTTL {
		ms = ms[1:]
	}
	return ms
}

// evicted returns the highest offset that a room has lost. In a namespace without
// history it is that of all its rooms.
func (m *model) evicted(name string) (top uint64) {
	for other, r := range m.rooms {
		if other == name || m.options[other] == m.options[name] && !m.options[name].keeps() {
			if n := len(r.msgs) - len(m.kept(other)); n > 0 {
				top = max(top, r.msgs[n-1].Offset)
			}
		}
	}
	return top
}

func (m *model) anyRoom() string {
	return rapid.SampledFrom([]string{"day", "day2", "day3", "short", "none"}).Draw(m.rt, "room")
}

func (m *model) anyone() Member {
	return person(rapid.Uint64Range(1, m.numMembers).Draw(m.rt, "conn"))
}

func (m *model) publish(*rapid.T) {
	name, key := m.anyRoom(), rapid.SampledFrom([]string{"", "", "", "a", "b"}).Draw(m.rt, "key")
	body, who := fmt.Sprint("m", m.seq+1), m.anyone()
	c := Command{Op: Publish, Room: name, Options: m.options[name], Member: who, From: who.Info, Data: []byte(body), IdempotencyKey: key}
	mine := name + key + who.Info.User
	if k, ok := m.keys[mine]; ok && key != "" && m.w.now-k.at < 5*time.Minute {
		m.expect(c, Answer{Position: Position{k.offset, m.epoch}, Repeat: true})
		return
	}
	r := m.room(name)
	m.seq++
	p := Publication{Offset: m.seq, Time: m.w.clock.UnixMilli(), Data: []byte(body)}
	r.msgs = append(r.msgs, p)
	m.came[m.seq] = m.w.now
	m.keys[mine] = modelKey{m.seq, m.w.now}
	m.expect(c, Answer{Position: Position{m.seq, m.epoch}})
}

// expect submits c and compares its answer with want.
func (m *model) expect(c Command, want Answer) {
	m.w.do(c, func(a *Answer) {
		if a.Err != want.Err || a.Position != want.Position || a.Repeat != want.Repeat ||
			a.NumClients != want.NumClients || a.NumUsers != want.NumUsers ||
			len(a.Presence) != len(want.Presence) || !samePubs(a.Publications, want.Publications, c.Member.Form) {
			m.rt.Fatalf("%+v\n was answered %+v\n wanted %+v", c, a, want)
		}
	})
}

func samePubs(got, want []Publication, f Form) bool {
	return slices.EqualFunc(got, want, func(g, w Publication) bool {
		return g.Offset == w.Offset && string(g.Encoded[f]) == string(w.Data)
	})
}

func (m *model) join(*rapid.T) {
	name, who := m.anyRoom(), m.anyone()
	r := m.room(name)
	c := Command{Op: Join, Room: name, Options: m.options[name], Member: who}
	if _, ok := r.members[who.Conn]; ok {
		m.expect(c, Answer{Err: ErrAlreadyJoined})
		return
	}
	if since, ok := m.leftAt[place{name, who.Conn}]; ok {
		m.resume(c, since)
		return
	}
	r.members[who.Conn] = who
	from := m.head(name)
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || a.Position.Offset < from || a.Position.Epoch != m.epoch || a.Recovered || a.Publications != nil {
			m.rt.Fatalf("join %s: %+v", name, a)
		}
	})
}

// head returns the offset of the room's last message.
func (m *model) head(name string) uint64 {
	if ms := m.room(name).msgs; len(ms) > 0 {
		return ms[len(ms)-1].Offset
	}
	return 0
}

// resume joins with recovery. The answer has all that was missed or nothing, and
// all if nothing was evicted.
func (m *model) resume(c Command, since Position) {
	switch rapid.IntRange(0, 9).Draw(m.rt, "twist") {
	case 0:
		since.Epoch = "other"
	case 1:
		since.Offset = m.seq + 10
	}
	c.Recover, c.Since = true, since
	c.RejectUnrecovered = rapid.Bool().Draw(m.rt, "reject")
	missed := slices.Clone(m.w.truth(c.Room, since.Offset))
	lost := since.Epoch != m.epoch || since.Offset > m.seq ||
		len(missed) > len(m.kept(c.Room))
	sure := !lost && m.allMarksKept && since.Offset >= m.evicted(c.Room)
	if sure && len(missed) > 2 {
		m.checkPage(c, missed[:2])
		return
	}
	if !lost && !sure && len(missed) > 2 {
		return // a page or nothing
	}
	if lost && c.RejectUnrecovered {
		m.expect(c, Answer{Err: ErrUnrecoverable})
		return
	}
	if !lost && !sure {
		c.RejectUnrecovered = false
	}
	m.room(c.Room).members[c.Member.Conn] = c.Member
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || !a.WasRecovering || lost && a.Recovered || sure && !a.Recovered {
			m.rt.Fatalf("resume %s since %v: %+v; lost %v sure %v missed %v", c.Room, since, a, lost, sure, missed)
		}
		if a.Recovered {
			m.w.recovered(a, since)
		} else if a.Publications != nil {
			m.rt.Fatalf("a part of what was missed: %+v", a)
		}
	})
}

// checkPage checks one page of a recovery: the client is not a member, and its
// position has advanced.
func (m *model) checkPage(c Command, page []Publication) {
	to := Position{page[len(page)-1].Offset, m.epoch}
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || !a.Recovered || !a.More || a.Position != to || !samePubs(a.Publications, page, c.Member.Form) {
			m.rt.Fatalf("resume %s since %v: %+v; wanted the page %v", c.Room, c.Since, a, page)
		}
		m.w.recovered(a, c.Since)
	})
	m.leftAt[place{c.Room, c.Member.Conn}] = to
}

func (m *model) leave(*rapid.T) {
	name, who := m.anyRoom(), m.anyone()
	r := m.room(name)
	c := Command{Op: Leave, Room: name, Options: m.options[name], Member: who}
	if _, ok := r.members[who.Conn]; !ok {
		m.expect(c, Answer{Err: ErrNotMember})
		return
	}
	delete(r.members, who.Conn)
	sent := m.head(name)
	k := place{name, who.Conn}
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || m.w.ended[k].last.Offset < sent {
			m.rt.Fatalf("leave: %v, at %v of %d", a.Err, m.w.ended[k].last, sent)
		}
		was := m.w.ended[k].was
		unseen := rapid.IntRange(0, min(5, len(was)-1)).Draw(m.rt, "unseen") // lost on its wire
		m.leftAt[k] = was[len(was)-1-unseen]
	})
	m.w.turn() // away must be known before the next join
}

// leaveAll ends a connection in all rooms.
func (m *model) leaveAll(*rapid.T) {
	m.w.turn()
	who := m.anyone()
	for name, r := range m.rooms {
		k := place{name, who.Conn}
		if m.w.sessions[k] != nil {
			m.leftAt[k] = m.w.sessions[k].last
		}
		delete(r.members, who.Conn)
	}
	m.w.leaveAll(who.Conn, slices.Collect(maps.Keys(m.rooms))...)
	m.w.turn()
}

func (m *model) presence(*rapid.T) {
	name := m.anyRoom()
	op := rapid.SampledFrom([]Op{Presence, PresenceStats}).Draw(m.rt, "op")
	r := m.room(name)
	users := make(map[string]bool)
	for _, p := range r.members {
		users[p.Info.User] = true
	}
	want := Answer{NumClients: len(r.members), NumUsers: len(users)}
	if op == Presence {
		want.Presence = make([]PresenceEntry, len(r.members))
	}
	if op == Presence && len(r.members) > 5 {
		want = Answer{Err: ErrLimit}
	}
	m.expect(Command{Op: op, Room: name, Options: m.options[name], Member: m.anyone()}, want)
}

func (m *model) history(*rapid.T) {
	name := m.anyRoom()
	c := Command{Op: History, Room: name, Options: m.options[name], Member: m.anyone()}
	c.Limit = rapid.IntRange(-1, 6).Draw(m.rt, "limit")
	c.Reverse = rapid.Bool().Draw(m.rt, "reverse")
	if c.HasSince = rapid.Bool().Draw(m.rt, "since"); c.HasSince {
		c.Since = Position{rapid.Uint64Range(0, m.seq+2).Draw(m.rt, "offset"), rapid.SampledFrom([]string{m.epoch, "", "other"}).Draw(m.rt, "epoch")}
	}
	if m.options[name].HistorySize == 0 {
		m.expect(c, Answer{Err: ErrUnavailable})
		return
	}
	if c.HasSince && c.Since.Epoch == "other" {
		m.expect(c, Answer{Err: ErrUnrecoverable})
		return
	}
	pubs, top := m.expectedHistory(c), m.head(name)
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || a.Position.Offset < top || !samePubs(a.Publications, pubs, c.Member.Form) {
			m.rt.Fatalf("history %+v\n was answered %+v\n wanted %v", c, a, pubs)
		}
	})
}

// expectedHistory returns the answer to a History command.
func (m *model) expectedHistory(c Command) (pubs []Publication) {
	for _, p := range m.kept(c.Room) {
		if !c.HasSince || !c.Reverse && p.Offset > c.Since.Offset || c.Reverse && p.Offset < c.Since.Offset {
			pubs = append(pubs, p)
		}
	}
	if c.Reverse {
		slices.Reverse(pubs)
	}
	limit := c.Limit
	if limit < 0 || limit > 4 {
		limit = 4
	}
	return pubs[:min(limit, len(pubs))]
}

func (m *model) time(*rapid.T) {
	m.w.turn()
	d := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 10 * time.Second, time.Minute, 6 * time.Minute}).Draw(m.rt, "time")
	m.w.advance(d)
}

// setWallClock sets the system clock, by which nothing has an age.
func (m *model) setWallClock(*rapid.T) {
	m.w.setWallClock(rapid.SampledFrom([]time.Duration{25 * time.Hour, -25 * time.Hour, time.Second}).Draw(m.rt, "day"))
}

// check runs after every action.
func (m *model) check(*rapid.T) {
	if rapid.Bool().Draw(m.rt, "turn") {
		m.w.turn()
		m.w.upToDate()
	}
}

// checkEmpty checks that rooms without members and history take no memory.
func (m *model) checkEmpty() {
	for name, r := range m.rooms {
		for _, who := range r.members {
			m.w.do(Command{Op: Leave, Room: name, Member: who}, nil)
		}
	}
	m.w.turn()
	m.w.upToDate()
	m.w.advance(time.Hour)
	s := m.w.s
	for i := range m.w.h.publishers.slots {
		if n := m.w.h.publishers.slots[i].Load(); n != 0 {
			m.rt.Fatalf("a publisher of nothing holds %d bytes", n)
		}
	}
	if len(s.mem().publishers.of) != 0 || s.mem().idle.n+s.mem().occupied.n != 0 {
		m.rt.Fatalf("left over: %d publishers", len(s.mem().publishers.of))
	}
	if len(s.rooms)+len(s.mem().rings)+s.waits.n+len(s.keys.keys)+s.joinLeaves.len() != 0 || m.w.h.budget.used.Load() != 0 || m.w.h.rooms.Load() != 0 {
		m.rt.Fatalf("left over: %d rooms %d rings %d waits %d keys, %+v", len(s.rooms), len(s.mem().rings), s.waits.n, len(s.keys.keys), m.w.h.Stats())
	}
	for what, n := range m.w.encoded {
		if n != 1 {
			m.rt.Fatalf("%s was encoded %d times", what, n)
		}
	}
}

func TestMemoryLogModel(t *testing.T) { checkModel(t, 0) }

// Beyond the bound on marks a recovery may be refused without a loss, but a
// recovery with a loss is never granted.
func TestMemoryLogModelWithFewMarks(t *testing.T) { checkModel(t, 1) }

func checkModel(t *testing.T, forgotten int) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, forgotten)
		if forgotten > 0 {
			m.numMembers = 2
		}
		rt.Repeat(map[string]func(*rapid.T){
			"publish": m.publish, "publish2": m.publish, "publish3": m.publish,
			"join": m.join, "join2": m.join, "leave": m.leave, "leave2": m.leave, "depart": m.leaveAll,
			"presence": m.presence, "history": m.history, "time": m.time, "day": m.setWallClock,
			"": m.check,
		})
		m.w.turn()
		m.checkEmpty()
	})
}
