//go:build !windows

//lint:file-ignore SA1019 ws.ReadFrame reads what the test itself sends, so its memory is bounded.

package netpoll

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/throngd/throng/frame"
)

type goodbye struct {
	code   frame.CloseCode
	reason string
}

// testClient is a client whose events a test waits for.
type testClient struct {
	*Client
	opened chan Dialed
	conns  chan Handle
	texts  chan string
	closed chan goodbye
	failed chan *DialError
}

// client starts a client until the test ends. Its callbacks may be set in c.
func client(t testing.TB, c *Client) *testClient {
	t.Helper()
	k := &testClient{
		Client: c, opened: make(chan Dialed, 10_000), conns: make(chan Handle, 10_000), texts: make(chan string, 10_000),
		closed: make(chan goodbye, 10_000), failed: make(chan *DialError, 10_000),
	}
	if c.Tick == 0 {
		c.Tick = 10 * time.Millisecond
	}
	if e := &c.Endpoint; e.OnOpen == nil {
		e.OnOpen = func(c *Conn) { k.opened <- c.Dialed(); k.conns <- c.Handle() }
	}
	if e := &c.Endpoint; e.OnMessage == nil {
		e.OnMessage = func(c *Conn, _ frame.Op, p []byte) { k.texts <- string(p) }
	}
	if e := &c.Endpoint; e.OnClose == nil {
		e.OnClose = func(_ *Conn, e CloseEvent) { k.closed <- goodbye{e.Code, e.Reason} }
	}
	if c.OnDialError == nil {
		c.OnDialError = func(e *DialError) { k.failed <- e }
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return k
}

// get waits for the next event of a channel.
func get[T any](t testing.TB, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatalf("no %T came", v)
	}
	return v
}

// dial dials and waits for the connection.
func (k *testClient) dial(t testing.TB, d *Dialer) Handle {
	t.Helper()
	if err := k.Dial(d, nil); err != nil {
		t.Fatal(err)
	}
	select {
	case h := <-k.conns:
		return h
	case e := <-k.failed:
		t.Fatal(e)
	case <-time.After(patience):
		t.Fatal("neither OnOpen nor OnDialError")
	}
	return 0
}

// refused dials and waits for the failure.
func (k *testClient) refused(t testing.TB, d *Dialer) *DialError {
	t.Helper()
	if err := k.Dial(d, "context"); err != nil {
		t.Fatal(err)
	}
	e := get(t, k.failed)
	if e.Dialer != d || e.Context != "context" || e.Loop == nil {
		t.Errorf("incomplete error: %+v", e)
	}
	return e
}

// on runs f on the connection's loop. The client must have one.
func (k *testClient) on(h Handle, f func(*Conn)) {
	b := k.Loop(0).NewBatch()
	b.Call(h, f)
	k.Loop(0).Post(b)
}

func (k *testClient) alone(t testing.TB) {
	t.Helper()
	eventually(t, "all sockets closed", func() bool { return k.NumConns() == 0 })
	if st := k.Stats(); st.DialsInFlight != 0 || st.DialsQueued != 0 || st.TLSHandshakes != 0 {
		eventually(t, "no dial left", func() bool {
			st := k.Stats()
			return st.DialsInFlight == 0 && st.DialsQueued == 0 && st.TLSHandshakes == 0
		})
	}
}

func to(s *Server) *Dialer { return dialerOf(s.address) }

func dialerOf(a net.Addr) *Dialer { return &Dialer{Addr: netip.MustParseAddrPort(a.String())} }

func TestClientEcho(t *testing.T) {
	e := echo()
	e.Path, e.Subprotocols = "/chat", []string{"v1", "v2"}
	requests := make(chan string, 1)
	e.Accept = func(r *Request) error {
		requests <- r.Query() + " " + string(r.Header("X-Token"))
		return nil
	}
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
	k := client(t, &Client{Loops: 1})
	d := to(s)
	d.Path, d.Header, d.Subprotocols = "/chat?room=1%202", http.Header{"X-Token": {"secret"}}, []string{"v2", "v1"}
	h := k.dial(t, d)
	how := get(t, k.opened)
	if how.Dialer != d || how.Subprotocol == "" || how.Connect <= 0 || how.Upgrade <= 0 || how.TLS != 0 {
		t.Errorf("%+v", how)
	}
	if got := get(t, requests); got != "room=1%202 secret" {
		t.Error(got)
	}
	for _, text := range []string{"", "hello", strings.Repeat("x", 200), strings.Repeat("y", 60_000)} {
		k.on(h, func(c *Conn) {
			if c.Dialed().Dialer != nil || c.aux != nil {
				t.Error("the dial is not forgotten")
			}
			c.Send(frame.OpText, []byte(text))
			c.SendBuffer(NewBuffer(frame.OpText, []byte(text)))
			c.SendRaw(frame.AppendMaskedFrame(nil, frame.OpText, []byte(text), [4]byte{1, 2, 3, 4}))
			if c.Subscribe("x") {
				t.Error("a client has joined a topic")
			}
		})
		for range 3 {
			if got := get(t, k.texts); got != text {
				t.Fatalf("got %.40q", got)
			}
		}
	}
	if k.engine.endpoints[0].PingInterval > 0 {
		t.Error("a client pings though nobody asked for it")
	}
	eventually(t, "the turn of the last message ends, which counts it", func() bool { return k.Stats().MessagesIn == 12 })
	if st := k.Stats(); st.Upgraded != 1 || st.DialsFailed != 0 || st.Connect.Count() != 1 || st.MessagesIn != 12 || st.MessagesOut != 8 {
		t.Errorf("%+v", st)
	}
}

// TestClientWithOtherServers connects to servers of other libraries.
func TestClientWithOtherServers(t *testing.T) {
	servers := map[string]http.HandlerFunc{
		"coder": func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			c.SetReadLimit(1 << 20)
			for {
				kind, b, err := c.Read(r.Context())
				if err != nil || c.Write(r.Context(), kind, b) != nil {
					_ = c.CloseNow()
					return
				}
			}
		},
		"gobwas": func(w http.ResponseWriter, r *http.Request) {
			c, _, _, err := ws.UpgradeHTTP(r, w)
			if err != nil {
				return
			}
			defer c.Close()
			for {
				b, op, err := wsutil.ReadClientData(c)
				if err != nil || wsutil.WriteServerMessage(c, op, b) != nil {
					return
				}
			}
		},
	}
	for name, serve := range servers {
		for _, secure := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " TLS"}[secure], func(t *testing.T) {
				web := httptest.NewUnstartedServer(serve)
				d := &Dialer{}
				if secure {
					web.StartTLS()
					d = dialerOf(web.Listener.Addr())
					d.TLS = web.Client().Transport.(*http.Transport).TLSClientConfig.Clone() // knows the certificate
					d.TLS.NextProtos = nil
				} else {
					web.Start()
					d = dialerOf(web.Listener.Addr())
				}
				defer web.Close()
				k := client(t, &Client{Loops: 1})
				h := k.dial(t, d)
				if how := get(t, k.opened); secure != (how.TLS > 0) {
					t.Errorf("%+v", how)
				}
				for i := range 30 {
					text := strings.Repeat("z", i*i*70)
					k.on(h, func(c *Conn) { c.Send(frame.OpText, []byte(text)) })
					if got := get(t, k.texts); got != text {
						t.Fatalf("got %d bytes of %d", len(got), len(text))
					}
				}
				k.on(h, func(c *Conn) { c.Close(frame.CloseNormal, "bye") })
				if bye := get(t, k.closed); bye != (goodbye{frame.CloseNormal, "bye"}) {
					t.Error(bye)
				}
				k.alone(t)
			})
		}
	}
}

// TestClientClosingHandshake: either end begins the closing handshake, and the server closes the TCP connection first.
func TestClientClosingHandshake(t *testing.T) {
	for _, cfg := range []*Server{{Loops: 1}, {Loops: 1, TLS: tlsConfig()}} {
		serverHears, accepted := make(chan goodbye, 1), make(chan Handle, 1)
		e := echo()
		e.OnOpen = func(c *Conn) { accepted <- c.Handle() }
		e.OnClose = func(_ *Conn, e CloseEvent) { serverHears <- goodbye{e.Code, e.Reason} }
		cfg.Endpoints = []Endpoint{e}
		s := start(t, cfg)
		k := client(t, &Client{Loops: 1, CloseTimeout: time.Minute})
		d := to(s)
		if s.TLS != nil {
			d.TLS = clientTLS(0)
		}
		h := k.dial(t, d)
		k.on(h, func(c *Conn) { c.Close(4001, "from the client"); c.Close(4002, "twice"); c.Send(frame.OpText, nil) })
		want := goodbye{4001, "from the client"}
		if got := get(t, serverHears); got != want {
			t.Errorf("the server hears %v", got)
		}
		if got := get(t, k.closed); got != want {
			t.Errorf("the client hears %v", got)
		}
		k.alone(t)
		<-accepted

		k.dial(t, d)
		h = get(t, accepted)
		b := s.Loop(0).NewBatch()
		b.Close(h, 4003, "from the server")
		s.Loop(0).Post(b)
		want = goodbye{4003, "from the server"}
		if got := get(t, k.closed); got != want {
			t.Errorf("the client hears %v", got)
		}
		if got := get(t, serverHears); got != want {
			t.Errorf("the server hears %v", got)
		}
		k.alone(t)
		eventually(t, "the server is empty", func() bool { return s.NumConns() == 0 })
		if len(k.closed) > 0 || len(k.failed) > 0 {
			t.Error("a second OnClose, or an OnDialError")
		}
	}
}

// TestClientLeavesTheFINToTheServer: after the closing handshake the client does not send the first FIN, and waits for
// the server's only for CloseTimeout (RFC 6455, 7.1.1).
func TestClientLeavesTheFINToTheServer(t *testing.T) {
	ended := make(chan time.Duration, 1)
	addr := scripted(t, func(c net.Conn, answer string) {
		_, _ = c.Write([]byte(answer + "\x88\x00"))
		if _, err := ws.ReadFrame(c); err != nil {
			t.Error(err)
		}
		began := time.Now()
		_, _ = c.Read(make([]byte, 1))
		ended <- time.Since(began)
	})
	type parting struct {
		context any
		took    time.Duration
	}
	parted := make(chan parting, 2)
	k := client(t, &Client{Loops: 1, CloseTimeout: 200 * time.Millisecond, OnEnd: func(context any, took time.Duration) {
		parted <- parting{context, took}
		panic("of the application")
	}})
	if err := k.Dial(dialerOf(addr), "me"); err != nil {
		t.Fatal(err)
	}
	if got := get(t, k.closed); got.code != frame.CloseNoStatus {
		t.Error(got)
	}
	if took := get(t, ended); took < 100*time.Millisecond {
		t.Errorf("the client closed the socket after %v", took)
	}
	if got := get(t, parted); got.context != "me" || got.took < 100*time.Millisecond || got.took > patience {
		t.Errorf("%+v", got)
	}
	k.alone(t)
	if len(parted) > 0 {
		t.Error("it ended twice")
	}
}

func TestClientPings(t *testing.T) {
	addr := scripted(t, func(c net.Conn, answer string) {
		_, _ = c.Write([]byte(answer + "\x89\x02hi"))
		for _, want := range []ws.OpCode{ws.OpPong, ws.OpPing} {
			f, err := ws.ReadFrame(c)
			if err != nil || f.Header.OpCode != want || !f.Header.Masked {
				t.Errorf("got %+v, %v; want %v", f.Header, err, want)
				return
			}
			if f = ws.UnmaskFrame(f); want == ws.OpPong && string(f.Payload) != "hi" {
				t.Errorf("pong with %q", f.Payload)
			}
		}
		_, _ = c.Read(make([]byte, 100)) // the client sends nothing
	})
	k := client(t, &Client{Loops: 1, CloseTimeout: 20 * time.Millisecond, Endpoint: Endpoint{PingInterval: 30 * time.Millisecond, PongTimeout: 30 * time.Millisecond}})
	k.dial(t, dialerOf(addr))
	if got := get(t, k.closed); got != (goodbye{frame.ClosePolicy, "no pong"}) {
		t.Error(got)
	}
	k.alone(t)
}

func TestClientShutdown(t *testing.T) {
	serverHears := make(chan frame.CloseCode, 1)
	e := echo()
	e.OnClose = func(_ *Conn, e CloseEvent) { serverHears <- e.Code }
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
	asked := make(chan bool, 5)
	silent := scripted(t, func(c net.Conn, _ string) { asked <- true; _, _ = c.Read(make([]byte, 1)) })
	k := client(t, &Client{Loops: 1, MaxDials: 2})
	k.dial(t, to(s))
	for range 5 { // two in flight, three queued
		if err := k.Dial(dialerOf(silent), "context"); err != nil {
			t.Fatal(err)
		}
	}
	get(t, asked)
	get(t, asked)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := k.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	var phases []DialPhase
	for range 5 {
		e := get(t, k.failed)
		if phases = append(phases, e.Phase); !errors.Is(e, ErrClientClosed) {
			t.Error(e)
		}
	}
	if slices.Sort(phases); !slices.Equal(phases, []DialPhase{DialQueue, DialQueue, DialQueue, DialUpgrade, DialUpgrade}) {
		t.Error(phases)
	}
	if get(t, k.closed).code != frame.CloseGoingAway || get(t, serverHears) != frame.CloseGoingAway {
		t.Error("not 1001")
	}
	if err := k.Dial(to(s), nil); !errors.Is(err, ErrClientClosed) {
		t.Error(err)
	}
	if err := k.Start(); err == nil {
		t.Error("started twice")
	}
	k.alone(t)
}

// TestDialerRefusesWhatCannotWork: Dial returns an error for a Dialer that can never work.
func TestDialerRefusesWhatCannotWork(t *testing.T) {
	k := client(t, &Client{Loops: 1})
	good := netip.MustParseAddrPort("127.0.0.1:9")
	for name, d := range map[string]*Dialer{
		"no address": {}, "no port": {Addr: netip.AddrPortFrom(good.Addr(), 0)},
		"zone":     {Addr: netip.MustParseAddrPort("[fe80::1%eth0]:9")},
		"families": {Addr: good, Local: netip.MustParseAddrPort("[::1]:0")},
		"host":     {Addr: good, Host: "a\r\nX: y"}, "path": {Addr: good, Path: "x"}, "target": {Addr: good, Path: "http://x/"},
		"space": {Addr: good, Path: "/a b\r\n"}, "fragment": {Addr: good, Path: "/a#b"},
		"header": {Addr: good, Header: http.Header{"sec-websocket-key": {"x"}}}, "protocol": {Addr: good, Subprotocols: []string{"a,b"}},
	} {
		if err := k.Dial(d, nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	if err := s.Loop(0).Dial(to(s), nil); err == nil {
		t.Error("a server dials")
	}
}

func TestNewDialerOfURLs(t *testing.T) {
	for in, want := range map[string]string{
		"ws://127.0.0.1/x?y=z":   "127.0.0.1:80 127.0.0.1 /x?y=z",
		"ws://127.0.0.1:8080":    "127.0.0.1:8080 127.0.0.1:8080 /",
		"wss://[::1]/":           "[::1]:443 [::1] / ::1",
		"http://127.0.0.1/":      "",
		"ws://u:secret@1.2.3.4/": "", "ws:///x": "", "ws://127.0.0.1/#a": "", "127.0.0.1": "", "ws://127.0.0.1:99999/": "",
	} {
		d, err := NewDialer(t.Context(), in)
		got := ""
		if err == nil {
			if got = d.Addr.String() + " " + d.Host + " " + d.Path; d.TLS != nil {
				got += " " + d.TLS.ServerName
			}
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%v shows a password", err)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q (%v)", in, got, want, err)
		}
	}
}

// TestClientTLS dials many TLS connections at once on several loops, and again from OnClose.
func TestClientTLS(t *testing.T) {
	s := start(t, &Server{Loops: 2, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
	const all = 200
	d := to(s)
	d.TLS = clientTLS(0)
	echoed := make(chan string, 2*all)
	k := client(t, &Client{Loops: 2, MaxDials: 20, Endpoint: Endpoint{
		OnOpen: func(c *Conn) { c.Send(frame.OpText, []byte(c.Context().(string))) },
		OnMessage: func(c *Conn, _ frame.Op, p []byte) {
			if string(p) != c.Context() {
				t.Errorf("%v got %s", c.Context(), p)
			}
			c.Close(frame.CloseNormal, "")
		},
		OnClose: func(c *Conn, _ CloseEvent) {
			echoed <- c.Context().(string)
			if c.Context() == "first" {
				_ = c.Loop().Dial(d, "second")
			}
		},
	}})
	for range all {
		if err := k.Dial(d, "first"); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 * all {
		select {
		case <-echoed:
		case e := <-k.failed:
			t.Fatal(e)
		case <-time.After(patience):
			t.Fatal("not all have come")
		}
	}
	k.alone(t)
	if st := k.Stats(); st.TLS.Count() != 2*all || st.Upgrade.Count() != 2*all || st.Connect.Count() != 2*all {
		t.Errorf("%+v", st)
	}
}

// TestClientPanics: a panic in a callback closes its connection and no other.
func TestClientPanics(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	k := client(t, &Client{
		Loops: 1, MaxDials: 1,
		Endpoint: Endpoint{OnOpen: func(c *Conn) {
			if c.Context() != nil {
				panic("OnOpen")
			}
			c.Send(frame.OpText, []byte("well"))
		}},
		OnDialError: func(*DialError) { panic("OnDialError") },
	})
	for range 3 {
		_ = k.Dial(to(s), "panic")
		_ = k.Dial(&Dialer{Addr: to(s).Addr, Path: "/nowhere", Local: netip.MustParseAddrPort("192.0.2.1:0")}, nil)
	}
	_ = k.Dial(to(s), nil)
	if got := get(t, k.texts); got != "well" {
		t.Error(got)
	}
	for range 3 {
		if got := get(t, k.closed); got.code != frame.CloseInternal {
			t.Error(got)
		}
	}
	if n := k.Stats().Panics; n != 6 {
		t.Errorf("%d panics", n)
	}
}
