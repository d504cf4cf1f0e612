//go:build !windows

package netpoll

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
)

func echo() Endpoint {
	return Endpoint{MaxMessage: 1 << 20, OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) }}
}

func TestEcho(t *testing.T) {
	for _, loops := range []int{1, 3} {
		t.Run(fmt.Sprint(loops, " loops"), func(t *testing.T) {
			s := start(t, &Server{Loops: loops, Endpoints: []Endpoint{echo()}})
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					c := dial(t, s, "/")
					for i := range 50 {
						text := strings.Repeat("x", i*i*7) + fmt.Sprint(i)
						say(t, c, text)
						hear(t, c, text)
					}
					_ = c.Close(websocket.StatusNormalClosure, "bye")
				})
			}
			all.Wait()
			eventually(t, "all connections gone", func() bool { return s.NumConns() == 0 })
		})
	}
}

func TestEchoLargeMessageBothWays(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}})
	c := dial(t, s, "/")
	text := strings.Repeat("0123456789abcdef", 1<<16)
	for range 3 {
		say(t, c, text)
		hear(t, c, text)
	}
	say(t, c, text+"!")
	hearClose(t, c, websocket.StatusMessageTooBig)
}

func TestCloseHandshake(t *testing.T) {
	type closed struct {
		code   frame.CloseCode
		reason string
	}
	told := make(chan closed, 1)
	e := Endpoint{
		OnMessage: func(c *Conn, _ frame.Op, p []byte) { c.Close(4321, string(p)); c.Send(frame.OpText, p) },
		OnClose:   func(_ *Conn, e CloseEvent) { told <- closed{e.Code, e.Reason} },
	}
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})

	c := dial(t, s, "/")
	_ = c.Close(websocket.StatusCode(3999), "theirs")
	if got := <-told; got != (closed{3999, "theirs"}) {
		t.Errorf("peer closed: told %v", got)
	}

	c = dial(t, s, "/")
	say(t, c, "ours")
	hearClose(t, c, 4321)
	if got := <-told; got != (closed{4321, "ours"}) {
		t.Errorf("we closed: told %v", got)
	}

	c = dial(t, s, "/")
	_ = c.CloseNow()
	if got := <-told; got.code != frame.CloseAbnormal {
		t.Errorf("socket gone: told %v", got)
	}
	eventually(t, "slots are free", func() bool { return s.NumConns() == 0 })
}

func TestPlainHTTPOnTheSamePort(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /twice", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append(b, b...))
	})
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}, HTTP: mux})
	for range 300 { // more than MaxHTTP: places are given back
		body := strings.Repeat("hello", 1000)
		r, err := http.Post("http://"+s.address.String()+"/twice", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if string(got) != body+body {
			t.Fatalf("status %d, %d bytes", r.StatusCode, len(got))
		}
	}
	c := dial(t, s, "/")
	say(t, c, "x")
	hear(t, c, "x")
	http.DefaultClient.CloseIdleConnections()
}

func TestMaxHTTP(t *testing.T) {
	enter, leave := make(chan bool), make(chan bool)
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { enter <- true; <-leave })
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{echo()}, HTTP: h, MaxHTTP: 1})
	done := make(chan bool)
	get := func() (*http.Response, error) {
		r, err := http.Get("http://" + s.address.String())
		if err == nil {
			_ = r.Body.Close()
		}
		return r, err
	}
	go func() { _, _ = get(); done <- true }()
	<-enter
	r, err := get()
	if err != nil || r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("beyond the bound: %v %v", r, err)
	}
	close(leave)
	<-done
}

func TestMaxConns(t *testing.T) {
	s := start(t, &Server{Loops: 1, MaxConns: 2, Endpoints: []Endpoint{echo()}})
	a, b := dial(t, s, "/"), dial(t, s, "/")
	third, err := net.Dial("tcp", s.address.String()) // sends nothing: net/http complains of an answer before its request
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	r, err := http.ReadResponse(bufio.NewReader(third), nil)
	if err != nil || r == nil || r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Fatalf("third connection: %v %v", r, err)
	}
	say(t, a, "a")
	hear(t, a, "a")
	_ = b.CloseNow()
	eventually(t, "a place is free", func() bool { return s.NumConns() == 1 })
	say(t, dial(t, s, "/"), "c")
}

func TestPortInUse(t *testing.T) {
	first := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}})
	second := &Server{Addr: first.address.String(), Endpoints: []Endpoint{echo()}}
	if err := second.Listen(); err == nil || !strings.Contains(err.Error(), first.address.String()) {
		t.Fatalf("Listen on a taken port: %v", err)
	}
}

func TestPanicCostsOneConnection(t *testing.T) {
	errs := make(chan error, 9)
	s := &Server{Loops: 1, OnError: func(err error) { errs <- err }, Endpoints: []Endpoint{{
		OnOpen: func(c *Conn) {
			if c.Context() != nil {
				panic("open")
			}
		},
		Accept: func(r *Request) error {
			switch r.Path() {
			case "/accept":
				panic("accept")
			case "/open":
				r.SetContext(1)
			}
			return nil
		},
		OnMessage: func(c *Conn, op frame.Op, p []byte) {
			if string(p) == "panic" {
				panic("message")
			}
			c.Send(op, p)
		},
	}}}
	start(t, s)
	healthy, bad := dial(t, s, "/"), dial(t, s, "/")
	say(t, bad, "panic")
	hearClose(t, bad, websocket.StatusInternalError)
	hearClose(t, dial(t, s, "/open"), websocket.StatusInternalError)
	if _, r, err := websocket.Dial(testCtx(t), s.url("/accept"), nil); err == nil || r.StatusCode != 500 {
		t.Errorf("panic in Accept: %v", err)
	}
	s.Loop(0).Do(func() { panic("task") })
	for _, want := range []string{"message", "open", "accept", "task"} {
		if err := <-errs; !strings.Contains(err.Error(), want) {
			t.Errorf("reported %v, want %s", err, want)
		}
	}
	say(t, healthy, "still here")
	hear(t, healthy, "still here")
	if s.Stats().Panics != 4 {
		t.Errorf("%d panics counted", s.Stats().Panics)
	}
}

func TestShutdownSendsCloseFrames(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}})
	conns := []*websocket.Conn{dial(t, s, "/"), dial(t, s, "/"), dial(t, s, "/")}
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(testCtx(t)) }()
	for _, c := range conns {
		hearClose(t, c, websocket.StatusGoingAway)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", s.address.String()); err == nil {
		t.Error("still listening")
	}
}
