package room

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// world runs the turns of one shard in the test's goroutine and on a clock of the
// test, so the test chooses every interleaving. It stands for the edge: it has
// topics for each loop, and sessions with what each member has received.
type world struct {
	t     failer
	h     *Hub
	s     *shard
	clock time.Time     // of the day
	now   time.Duration // that has passed

	topics   map[topic]map[uint64]*session
	sessions map[place]*session // joined, as the edge knows
	ended    map[place]*session // the last that ended
	expected map[uint64]func(*Answer)
	answered map[uint64]int
	token    uint64
	encoded  map[string]int
	joins    []string // join and leave pushes, as seen
	busy     map[int]bool
	leaves   map[place]int
	ejected  func(place)

	// truth returns all messages of a room after offset, evicted ones too.
	truth func(room string, after uint64) []Publication
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

type topic struct {
	loop int
	room string
	form Form
}

type place struct {
	room string
	conn uint64
}

// session is one membership. It must receive everything after last once and in
// order.
type session struct {
	room string
	m    Member
	last Position
	was  []Position // every position it was at
}

// push is the Buffer of these tests.
type push struct {
	kind, room, body string
	offset           uint64
	form             Form
}

func newWorld(t failer, cfg Config) *world {
	w := &world{
		t: t, clock: time.Unix(1_700_000_000, 0),
		topics:   make(map[topic]map[uint64]*session),
		sessions: make(map[place]*session),
		ended:    make(map[place]*session),
		expected: make(map[uint64]func(*Answer)),
		answered: make(map[uint64]int),
		encoded:  make(map[string]int),
		busy:     make(map[int]bool),
		leaves:   make(map[place]int),
	}
	cfg.Shards = max(cfg.Shards, 1)
	cfg.RoomBytes = cmp.Or(cfg.RoomBytes, 1<<40)
	cfg.Loops = max(cfg.Loops, 3)
	cfg.Clock = func() (time.Time, time.Duration) { return w.clock, w.now }
	cfg.Encode = w.encode
	cfg.EncodeJoin = func(room string, m *Member, f Form) Buffer {
		return &push{kind: "join", room: room, body: m.Info.User, form: f}
	}
	cfg.EncodeLeave = func(room string, m *Member, f Form) Buffer {
		return &push{kind: "leave", room: room, body: m.Info.User, form: f}
	}
	cfg.Deliver = w.deliver
	cfg.Busy = func(loop int) bool { return w.busy[loop] }
	w.h = build(cfg)
	w.s = w.h.shards[0]
	return w
}

func (w *world) encode(room string, p *Publication, f Form) Buffer {
	if p.Data == nil || p.Encoded[f] != nil {
		w.t.Fatalf("encode of a message without data, or for the second time: %s %d", room, p.Offset)
	}
	w.encoded[fmt.Sprint(room, "/", p.Offset, "/", f)]++
	p.Encoded[f] = slices.Clone(p.Data)
	return &push{kind: "pub", room: room, body: string(p.Data), offset: p.Offset, form: f}
}

// turn runs turns until the mailboxes are empty.
func (w *world) turn() {
	for _, s := range w.h.shards {
		for s.turn() > 0 {
		}
	}
}

func (w *world) advance(d time.Duration) {
	w.addTime(d)
	w.turn()
}

func (w *world) addTime(d time.Duration) { w.clock, w.now = w.clock.Add(d), w.now+d }

// setWallClock sets the system clock, as an operator or NTP does.
func (w *world) setWallClock(by time.Duration) { w.clock = w.clock.Add(by) }

// do submits a command and passes its answer to check.
func (w *world) do(c Command, check func(*Answer)) {
	w.token++
	c.Token = w.token
	if check == nil {
		check = func(*Answer) {}
	}
	w.expected[c.Token] = check
	if err := w.h.Submit(c); err != nil {
		w.t.Fatalf("submit: %v", err)
	}
}

// ask submits a command, runs a turn, and returns its answer.
func (w *world) ask(c Command) *Answer {
	w.t.Helper()
	var got *Answer
	w.do(c, func(a *Answer) { b := *a; got = &b })
	w.turn()
	if got == nil {
		w.t.Fatalf("no answer to %+v", c)
	}
	return got
}

func (w *world) deliver(loop int, events []Event) {
	for i := range events {
		switch e := &events[i]; e.Kind {
		case Reply:
			w.reply(loop, e.Answer)
		case Insufficient:
			w.endSession(loop, e.Answer)
			w.ejected(place{e.Room, e.Answer.Member.Conn})
		case Broadcast:
			w.broadcast(loop, e)
		default:
			w.t.Fatalf("event %+v", e)
		}
	}
}

func (w *world) reply(loop int, a *Answer) {
	if a.Member.Loop != loop {
		w.t.Fatalf("answer on loop %d for loop %d", loop, a.Member.Loop)
	}
	check := w.expected[a.Token]
	if w.answered[a.Token]++; w.answered[a.Token] != 1 || check == nil {
		w.t.Fatalf("answer %d of token %d", w.answered[a.Token], a.Token)
	}
	switch {
	case a.Op == Join && a.Err == nil && !a.More:
		w.addSession(loop, a)
	case a.Op == Leave && a.Err == nil:
		w.endSession(loop, a)
	}
	check(a)
	w.expected[a.Token] = func(*Answer) {}
}

func (w *world) addSession(loop int, a *Answer) {
	k := place{a.Room, a.Member.Conn}
	if w.sessions[k] != nil {
		w.t.Fatalf("%v joined twice", k)
	}
	ss := &session{room: a.Room, m: a.Member, last: a.Position, was: []Position{a.Position}}
	w.sessions[k] = ss
	t := topic{loop, a.Room, a.Member.Form}
	if w.topics[t] == nil {
		w.topics[t] = make(map[uint64]*session)
	}
	w.topics[t][a.Member.Conn] = ss
}

// recovered passes the messages of an answer to the session. With a page there is
// no session yet.
func (w *world) recovered(a *Answer, since Position) {
	ss := w.sessions[place{a.Room, a.Member.Conn}]
	if a.More {
		ss = &session{room: a.Room, m: a.Member}
	}
	ss.last, ss.was = since, []Position{since}
	for _, p := range a.Publications {
		if p.Offset > a.Position.Offset {
			w.t.Fatalf("%s: recovered %d beyond %d: it will come again", ss.room, p.Offset, a.Position.Offset)
		}
		w.receive(ss, p.Offset, string(p.Encoded[a.Member.Form]))
	}
	if miss := w.between(ss.room, ss.last.Offset, a.Position.Offset); len(miss) > 0 {
		w.t.Fatalf("%s: recovered %d to %d without %v", ss.room, since.Offset, a.Position.Offset, miss)
	}
	ss.last = a.Position
	ss.was = append(ss.was, a.Position)
}

func (w *world) between(room string, after, upto uint64) (ps []Publication) {
	for _, p := range w.truth(room, after) {
		if p.Offset <= upto {
			ps = append(ps, p)
		}
	}
	return ps
}

func (w *world) endSession(loop int, a *Answer) {
	k := place{a.Room, a.Member.Conn}
	w.ended[k] = w.sessions[k]
	delete(w.sessions, k)
	if ss := w.ended[k]; ss != nil {
		delete(w.topics[topic{loop, a.Room, ss.m.Form}], a.Member.Conn)
	}
}

func (w *world) broadcast(loop int, e *Event) {
	p := e.Buffer.(*push)
	members := w.topics[topic{loop, e.Room, e.Form}]
	if len(members) == 0 {
		w.t.Fatalf("a broadcast to loop %d, where nobody is in %s", loop, e.Room)
	}
	for _, ss := range members {
		if p.form != ss.m.Form {
			w.t.Fatalf("a push of form %d for a member of form %d", p.form, ss.m.Form)
		}
		switch {
		case p.kind == "pub":
			w.receive(ss, p.offset, p.body)
		case p.kind == "other": // not looked at
		case !e.Watchers || ss.m.WantJoinLeave:
			w.joins = append(w.joins, fmt.Sprintf("%s:%s %s", ss.m.Info.User, p.kind, p.body))
		}
	}
}

// receive checks that the message is the room's next after the member's last one.
func (w *world) receive(ss *session, offset uint64, body string) {
	next := w.truth(ss.room, ss.last.Offset)
	if len(next) == 0 || next[0].Offset != offset || string(next[0].Data) != body {
		w.t.Fatalf("%s in %s, at %d, saw %d %q; next are %v",
			ss.m.Info.User, ss.room, ss.last.Offset, offset, body, next)
	}
	ss.last.Offset = offset
	ss.was = append(ss.was, ss.last)
}

// upToDate checks that every member has received everything and every command was
// answered.
func (w *world) upToDate() {
	for k, ss := range w.sessions {
		if next := w.truth(k.room, ss.last.Offset); len(next) > 0 {
			w.t.Fatalf("%s in %s, at %d, never saw %v", ss.m.Info.User, k.room, ss.last.Offset, next)
		}
	}
	for token := range w.token {
		if n := w.answered[token+1]; n != 1 {
			w.t.Fatalf("token %d was answered %d times", token+1, n)
		}
	}
}

func (p Publication) String() string { return fmt.Sprintf("%d<%d:%s", p.Prev, p.Offset, p.Data) }

// person returns a member, on a loop and in a form that depend on its conn.
func person(conn uint64) Member {
	return Member{
		Conn: conn, Loop: int(conn % 3), WantJoinLeave: true, Form: Form(conn / 3 % Forms),
		Info: &Info{Client: ID{byte(conn)}, User: fmt.Sprint("u", conn%4), ConnInfo: []byte(`{}`)},
	}
}

// mem returns the log of a shard whose log is in memory.
func (s *shard) mem() *memory { return s.log.(*memory) }
