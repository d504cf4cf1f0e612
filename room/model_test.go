package room

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is what a shard on the memory log must do, said simply: it is told of
// every command in the order of Submit and predicts the answer.
type model struct {
	w       *world
	rt      *rapid.T
	seq     uint64
	epoch   string
	rooms   map[string]*modelRoom
	keys    map[string]modelKey
	options map[string]*Options
	away    map[place]Position // where a client that left was
	came    map[uint64]time.Duration
	exact   bool   // the bound on forgotten rooms is not met
	people  uint64 // few of them leave rooms empty
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
		rt: rt, exact: forgotten == 0, people: 7, options: modelOptions(), rooms: make(map[string]*modelRoom),
		keys: make(map[string]modelKey), away: make(map[place]Position), came: make(map[uint64]time.Duration),
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

// kept is what history holds now.
func (m *model) kept(name string) []Publication {
	o, ms := m.options[name], m.room(name).msgs
	ms = ms[max(0, len(ms)-o.HistorySize):]
	for len(ms) > 0 && m.w.now-m.came[ms[0].Offset] >= o.HistoryTTL {
		ms = ms[1:]
	}
	return ms
}

// lost is the highest offset that a room has lost; where nothing is kept, that any room of the namespace has.
func (m *model) lost(name string) (top uint64) {
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
	return person(rapid.Uint64Range(1, m.people).Draw(m.rt, "conn"))
}

func (m *model) publish(*rapid.T) {
	name, key := m.anyRoom(), rapid.SampledFrom([]string{"", "", "", "a", "b"}).Draw(m.rt, "key")
	body, who := fmt.Sprint("m", m.seq+1), m.anyone()
	c := Command{Op: Publish, Room: name, Options: m.options[name], Member: who, From: who.Info, Body: []byte(body), IdempotencyKey: key}
	mine := name + key + who.Info.User
	if k, ok := m.keys[mine]; ok && key != "" && m.w.now-k.at < 5*time.Minute {
		m.expect(c, Answer{Position: Position{k.offset, m.epoch}, Repeat: true})
		return
	}
	r := m.room(name)
	m.seq++
	p := Publication{Offset: m.seq, Time: m.w.clock.UnixMilli(), Body: []byte(body)}
	r.msgs = append(r.msgs, p)
	m.came[m.seq] = m.w.now
	m.keys[mine] = modelKey{m.seq, m.w.now}
	m.expect(c, Answer{Position: Position{m.seq, m.epoch}})
}

// expect submits c and holds its answer against want.
func (m *model) expect(c Command, want Answer) {
	m.w.do(c, func(a *Answer) {
		if a.Err != want.Err || a.Position != want.Position || a.Repeat != want.Repeat ||
			a.NumClients != want.NumClients || a.NumUsers != want.NumUsers ||
			len(a.Presence) != len(want.Presence) || !samePubs(a.Publications, want.Publications) {
			m.rt.Fatalf("%+v\n was answered %+v\n wanted %+v", c, a, want)
		}
	})
}

func samePubs(got, want []Publication) bool {
	return slices.EqualFunc(got, want, func(g, w Publication) bool {
		return g.Offset == w.Offset && string(g.Object) == string(w.Body)
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
	if since, ok := m.away[place{name, who.Conn}]; ok {
		m.resume(c, since)
		return
	}
	r.members[who.Conn] = who
	from := m.top(name)
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || a.Position.Offset < from || a.Position.Epoch != m.epoch || a.Recovered || a.Publications != nil {
			m.rt.Fatalf("join %s: %+v", name, a)
		}
	})
}

// top is the offset of the room's last message.
func (m *model) top(name string) uint64 {
	if ms := m.room(name).msgs; len(ms) > 0 {
		return ms[len(ms)-1].Offset
	}
	return 0
}

// resume: all that was missed or nothing; and all, whenever that can be had.
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
	sure := !lost && m.exact && since.Offset >= m.lost(c.Room)
	if sure && len(missed) > 2 {
		m.turnPage(c, missed[:2])
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

// turnPage: more was missed than one answer holds. The client is not in the room, but further than before.
func (m *model) turnPage(c Command, page []Publication) {
	to := Position{page[len(page)-1].Offset, m.epoch}
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || !a.Recovered || !a.More || a.Position != to || !samePubs(a.Publications, page) {
			m.rt.Fatalf("resume %s since %v: %+v; wanted the page %v", c.Room, c.Since, a, page)
		}
		m.w.recovered(a, c.Since)
	})
	m.away[place{c.Room, c.Member.Conn}] = to
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
	sent := m.top(name)
	k := place{name, who.Conn}
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || m.w.ended[k].last.Offset < sent {
			m.rt.Fatalf("leave: %v, at %v of %d", a.Err, m.w.ended[k].last, sent)
		}
		was := m.w.ended[k].was
		unseen := rapid.IntRange(0, min(5, len(was)-1)).Draw(m.rt, "unseen") // lost on its wire
		m.away[k] = was[len(was)-1-unseen]
	})
	m.w.turn() // away must be known before the next join
}

// depart ends a connection, whatever rooms it is in.
func (m *model) depart(*rapid.T) {
	m.w.turn()
	who := m.anyone()
	for name, r := range m.rooms {
		k := place{name, who.Conn}
		if m.w.sessions[k] != nil {
			m.away[k] = m.w.sessions[k].last
		}
		delete(r.members, who.Conn)
	}
	m.w.depart(who.Conn, slices.Collect(maps.Keys(m.rooms))...)
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
	pubs, top := m.page(c), m.top(name)
	m.w.do(c, func(a *Answer) {
		if a.Err != nil || a.Position.Offset < top || !samePubs(a.Publications, pubs) {
			m.rt.Fatalf("history %+v\n was answered %+v\n wanted %v", c, a, pubs)
		}
	})
}

// page is the answer of History, by the book.
func (m *model) page(c Command) (pubs []Publication) {
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

// day: somebody sets the clock of the day. Nothing has an age by it.
func (m *model) day(*rapid.T) {
	m.w.set(rapid.SampledFrom([]time.Duration{25 * time.Hour, -25 * time.Hour, time.Second}).Draw(m.rt, "day"))
}

// check runs after every action.
func (m *model) check(*rapid.T) {
	if rapid.Bool().Draw(m.rt, "turn") {
		m.w.turn()
		m.w.upToDate()
	}
}

// bare: what nobody is in and nothing is kept of costs nothing.
func (m *model) bare() {
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

func TestModel(t *testing.T) { checkModel(t, 0) }

// Beyond the bound on forgotten rooms a recovery may be refused, but what was lost is never recovered.
func TestModelOfFewForgottenRooms(t *testing.T) { checkModel(t, 1) }

func checkModel(t *testing.T, forgotten int) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, forgotten)
		if forgotten > 0 {
			m.people = 2
		}
		rt.Repeat(map[string]func(*rapid.T){
			"publish": m.publish, "publish2": m.publish, "publish3": m.publish,
			"join": m.join, "join2": m.join, "leave": m.leave, "leave2": m.leave, "depart": m.depart,
			"presence": m.presence, "history": m.history, "time": m.time, "day": m.day,
			"": m.check,
		})
		m.w.turn()
		m.bare()
	})
}
