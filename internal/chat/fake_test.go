package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// fake is a server that keeps rooms in memory and loses messages, connections and replies on demand.
type fake struct {
	t   testing.TB
	srv *httptest.Server

	mu      sync.Mutex
	conns   map[*fakeConn]bool
	log     map[string][]fakePub // by room
	epoch   string
	serial  int
	closed  bool                                        // no upgrades are answered
	publish func(room, text string, nth int) fakeAction // nil: store and acknowledge
	nth     int
	asked   []int             // limits of history requests
	most    int               // messages in one answer; 0: as many as were asked for
	joined  chan struct{}     // one for each subscription
	left    chan struct{}     // one for each connection that has ended
	deny    map[string]uint32 // error code by method, or by method and room "subscribe lobby"
}

type fakePub struct {
	Data   json.RawMessage `json:"data"`
	Info   *fakeInfo       `json:"info,omitempty"`
	Offset uint64          `json:"offset,omitempty"`
	Time   int64           `json:"time,omitempty"`
}

type fakeInfo struct {
	Client   string          `json:"client"`
	User     string          `json:"user"`
	ConnInfo json.RawMessage `json:"conn_info,omitempty"`
}

// fakeAction is the reaction to one publish.
type fakeAction struct {
	lose, // do not store
	silent, // do not answer
	drop bool // end the connection
	code uint32 // answer with this error, temporary from 100 and 111
}

type fakeConn struct {
	*websocket.Conn
	info fakeInfo
	subs map[string]bool
}

type fakeCommand struct {
	ID      uint32 `json:"id"`
	Connect *struct {
		Data json.RawMessage `json:"data"`
	} `json:"connect"`
	Subscribe, Unsubscribe, Presence, History *struct {
		Channel string `json:"channel"`
		Recover bool   `json:"recover"`
		Epoch   string `json:"epoch"`
		Offset  uint64 `json:"offset"`
		Limit   int    `json:"limit"`
		Since   *struct {
			Offset uint64 `json:"offset"`
		} `json:"since"`
	}
	Publish *struct {
		Channel string          `json:"channel"`
		Data    json.RawMessage `json:"data"`
	} `json:"publish"`
}

func newFake(t testing.TB) *fake { return startFake(t, httptest.NewServer) }

func startFake(t testing.TB, listen func(http.Handler) *httptest.Server) *fake {
	f := &fake{t: t, conns: map[*fakeConn]bool{}, log: map[string][]fakePub{}, epoch: "e1", deny: map[string]uint32{}, joined: make(chan struct{}, 100), left: make(chan struct{}, 1000)}
	f.srv = listen(http.HandlerFunc(f.serve))
	t.Cleanup(func() {
		f.dropAll(websocket.StatusGoingAway)
		f.srv.Close()
	})
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	closed := f.closed
	f.mu.Unlock()
	if r.URL.Path != defaultPath || closed {
		http.Error(w, "no", http.StatusNotFound)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	c := &fakeConn{Conn: ws, subs: map[string]bool{}}
	defer f.gone(c)
	for {
		_, b, err := ws.Read(context.Background())
		if err != nil {
			return
		}
		for line := range bytes.Lines(b) {
			if !f.command(c, line) {
				_ = ws.CloseNow()
				return
			}
		}
	}
}

// command answers one command; false ends the connection.
func (f *fake) command(c *fakeConn, line []byte) bool {
	var q fakeCommand
	if err := json.Unmarshal(line, &q); err != nil {
		f.t.Errorf("the client sent %q: %v", line, err)
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case q.Connect != nil:
		f.serial++
		c.info = fakeInfo{Client: fmt.Sprintf("client-%d", f.serial), ConnInfo: q.Connect.Data}
		f.conns[c] = true
		c.reply(q.ID, "connect", map[string]any{"client": c.info.Client, "ping": 25, "pong": true})
	case q.Publish != nil:
		return f.published(c, q)
	case q.Subscribe != nil:
		f.subscribe(c, q)
	case q.Unsubscribe != nil:
		delete(c.subs, q.Unsubscribe.Channel)
		c.reply(q.ID, "unsubscribe", struct{}{})
	case q.Presence != nil:
		f.presence(c, q)
	case q.History != nil:
		f.history(c, q)
	}
	return true
}

func (f *fake) subscribe(c *fakeConn, q fakeCommand) {
	room := q.Subscribe.Channel
	if f.denied(c, q.ID, "subscribe", room) {
		return
	}
	res := map[string]any{"epoch": f.epoch, "offset": len(f.log[room]), "recoverable": true, "positioned": true}
	if q.Subscribe.Recover {
		res["was_recovering"] = true
		if q.Subscribe.Epoch == f.epoch {
			res["recovered"] = true
			res["publications"] = f.log[room][q.Subscribe.Offset:]
			res["offset"] = q.Subscribe.Offset // each publication below increments it
		}
	}
	for o := range f.conns {
		if o.subs[room] {
			o.push(room, "join", map[string]any{"info": c.info})
		}
	}
	c.subs[room] = true
	c.reply(q.ID, "subscribe", res)
	f.joined <- struct{}{}
}

func (f *fake) presence(c *fakeConn, q fakeCommand) {
	if f.denied(c, q.ID, "presence", q.Presence.Channel) {
		return
	}
	p := map[string]fakeInfo{}
	for o := range f.conns {
		if o.subs[q.Presence.Channel] {
			p[o.info.Client] = o.info
		}
	}
	c.reply(q.ID, "presence", map[string]any{"presence": p})
}

func (f *fake) history(c *fakeConn, q fakeCommand) {
	room := q.History.Channel
	if f.denied(c, q.ID, "history", room) {
		return
	}
	f.asked = append(f.asked, q.History.Limit)
	pubs, n := slices.Clone(f.log[room]), q.History.Limit
	if s := q.History.Since; s != nil {
		pubs = slices.DeleteFunc(pubs, func(p fakePub) bool { return p.Offset >= s.Offset })
	}
	if f.most > 0 {
		n = min(n, f.most)
	}
	pubs = pubs[max(0, len(pubs)-n):]
	slices.Reverse(pubs) // the newest first
	c.reply(q.ID, "history", map[string]any{"epoch": f.epoch, "offset": len(f.log[room]), "publications": pubs})
}

func (f *fake) published(c *fakeConn, q fakeCommand) bool {
	var do fakeAction
	f.nth++
	if f.publish != nil {
		var d struct{ Text string }
		_ = json.Unmarshal(q.Publish.Data, &d)
		do = f.publish(q.Publish.Channel, d.Text, f.nth)
	}
	if do.code == 0 && !do.lose {
		f.store(q.Publish.Channel, q.Publish.Data, &c.info)
	}
	switch {
	case do.drop || do.silent:
	case do.code != 0:
		c.fail(q.ID, do.code)
	default:
		c.reply(q.ID, "publish", struct{}{})
	}
	return !do.drop
}

// store keeps a message and pushes it, with f.mu held.
func (f *fake) store(room string, data []byte, info *fakeInfo) {
	p := fakePub{Data: data, Info: info, Offset: uint64(len(f.log[room]) + 1), Time: fakeTime.UnixMilli()}
	f.log[room] = append(f.log[room], p)
	for o := range f.conns {
		if o.subs[room] {
			o.push(room, "pub", p)
		}
	}
}

// fakeTime is the time of every publication of the fake server.
var fakeTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.Local)

// say publishes a message of another client.
func (f *fake) say(room, name, text, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.store(room, encode(text, id), &fakeInfo{Client: "other-" + name, ConnInfo: connectData(name)})
}

// texts are the messages of a room so far.
func (f *fake) texts(room string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var l []string
	for _, p := range f.log[room] {
		l = append(l, decoded(p).text)
	}
	return l
}

func decoded(p fakePub) (m struct{ text, id string }) {
	var d struct{ Text, ID string }
	_ = json.Unmarshal(p.Data, &d)
	m.text, m.id = d.Text, d.ID
	return m
}

func (f *fake) denied(c *fakeConn, id uint32, method, room string) bool {
	code := f.deny[method] + f.deny[method+" "+room]
	if code != 0 {
		c.fail(id, code)
	}
	return code != 0
}

func (f *fake) gone(c *fakeConn) {
	defer func() { f.left <- struct{}{} }()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
	for room := range c.subs {
		for o := range f.conns {
			if o.subs[room] {
				o.push(room, "leave", map[string]any{"info": c.info})
			}
		}
	}
}

// dropAll ends all connections with a code.
func (f *fake) dropAll(code websocket.StatusCode) {
	f.mu.Lock()
	conns := make([]*fakeConn, 0, len(f.conns))
	for c := range f.conns {
		conns = append(conns, c)
	}
	f.mu.Unlock()
	for _, c := range conns {
		_ = c.Close(code, "")
	}
}

// set changes something while nothing is being served.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) url() string { return strings.TrimPrefix(f.srv.URL, "http://") } // not of a TLS server

func (c *fakeConn) reply(id uint32, method string, result any) {
	c.write(map[string]any{"id": id, method: result})
}

func (c *fakeConn) fail(id, code uint32) {
	c.write(map[string]any{"id": id, "error": map[string]any{"code": code, "message": "no", "temporary": code == 100 || code == 111}})
}

func (c *fakeConn) push(room, kind string, what any) {
	c.write(map[string]any{"push": map[string]any{"channel": room, kind: what}})
}

func (c *fakeConn) write(v any) {
	b, _ := json.Marshal(v)
	_ = c.Write(context.Background(), websocket.MessageText, b)
}
