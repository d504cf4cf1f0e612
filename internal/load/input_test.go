package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// Options that cannot work are a usage error with a hint.
func TestOptionsThatCannotWork(t *testing.T) {
	broken, unknown := filepath.Join(t.TempDir(), "a.yaml"), filepath.Join(t.TempDir(), "b.yaml")
	_ = os.WriteFile(broken, []byte("parts: [{scenario: idle"), 0o600)
	_ = os.WriteFile(unknown, []byte("parts:\n  - scenario: idle\n    conections: 5\n"), 0o600)
	const good = "ws://127.0.0.1:1/ws"
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"no scenario":   {Options{URL: good}, "no scenario"},
		"no URL":        {Options{Scenario: "idle"}, "no URL"},
		"no host":       {Options{Scenario: "idle", URL: "ws://"}, "no URL"},
		"other scheme":  {Options{Scenario: "idle", URL: "ftp://a/"}, "no URL"},
		"bad URL":       {Options{Scenario: "idle", URL: "ws://a:b:c/"}, "cannot be read"},
		"user":          {Options{Scenario: "idle", URL: "ws://me:secret@a/"}, "neither a user"},
		"protocol":      {Options{Scenario: "idle", URL: good, Protocol: "mqtt"}, "no protocol"},
		"negative":      {Options{Scenario: "idle", URL: good, Connections: -1}, "--connections"},
		"rooms":         {Options{Scenario: "rooms", URL: good, Connections: 5, Rooms: 6}, "--rooms"},
		"size":          {Options{Scenario: "echo", URL: good, Size: 10}, "--size"},
		"rate":          {Options{Scenario: "echo", URL: good, Rate: -1}, "--rate"},
		"messages":      {Options{Scenario: "echo", URL: good, Rate: 1e6, Duration: time.Hour}, "more than the oracle keeps"},
		"messages away": {Options{Scenario: "storm", URL: good, Rate: 3e5, Duration: time.Second}, "more than the oracle keeps"},
		"processes":     {Options{Scenario: "idle", URL: good, Connections: 2, Processes: 3}, "--processes"},
		"share":         {Options{Scenario: "stall", URL: good, Share: 100}, "--share 100"},
		"echo of rooms": {Options{Scenario: "rooms", URL: good, Protocol: Echo}, "needs rooms"},
		"rooms of echo": {Options{Scenario: "echo", URL: good, Protocol: Rooms}, "scenario echo does not go"},
		"storm":         {Options{Scenario: "storm", URL: good, Protocol: Rooms}, "scenario storm does not go"},
		"source":        {Options{Scenario: "idle", URL: good, Source: "127.0.0.9-127.0.0.2"}, "--source"},
		"source name":   {Options{Scenario: "idle", URL: good, Source: "localhost"}, "--source"},
		"many sources":  {Options{Scenario: "idle", URL: good, Source: "10.0.0.0-10.9.0.0"}, "65536"},
		"size and file": {Options{Scenario: "echo", URL: good, Size: 100, Payload: broken}, "--size does not go with --payload"},
		"no payload":    {Options{Scenario: "echo", URL: good, Payload: broken + "x"}, "payload cannot be read"},
		"schedule":      {Options{Scenario: "echo", URL: good, Schedule: "random"}, "no schedule"},
		"one name":      {Options{Scenario: "rooms", URL: good, RoomName: "a"}, "one name for 100 rooms"},
		"name":          {Options{Scenario: "idle", URL: good, RoomName: "a\"b"}, "--room-name"},
		"long name":     {Options{Scenario: "idle", URL: good, RoomName: strings.Repeat("a", 256)}, "255 bytes"},
		"ramp":          {Options{Scenario: "connect", URL: good, Ramp: time.Second}, "--ramp does not go with connect"},
		"token of echo": {Options{Scenario: "echo", URL: good, Token: "a"}, "--token"},
		"token":         {Options{Scenario: "idle", URL: good, Token: "a\"b"}, "--token"},
		"header":        {Options{Scenario: "idle", URL: good, Header: []string{"no colon"}}, "is no header"},
		"header name":   {Options{Scenario: "idle", URL: good, Header: []string{"a b: c"}}, "is no header"},
		"header value":  {Options{Scenario: "idle", URL: good, Header: []string{"a: b\r\nc: d"}}, "is no header"},
		"header ours":   {Options{Scenario: "idle", URL: good, Header: []string{"connection: close"}}, "every upgrade"},
		"refused":       {Options{Scenario: "idle", URL: good, MaxRefused: 101}, "--max-refused"},
		"condition":     {Options{Scenario: "idle", URL: good, FailIf: []string{"delivery>1s"}}, "no metric"},
		"no mix":        {Options{Scenario: "mixed", URL: good}, "takes its parts"},
		"mix of idle":   {Options{Scenario: "idle", URL: good, Mix: broken}, "takes its parts"},
		"missing mix":   {Options{Scenario: "mixed", URL: good, Mix: broken + "x"}, "cannot be read"},
		"broken mix":    {Options{Scenario: "mixed", URL: good, Mix: broken}, "yaml"},
		"unknown key":   {Options{Scenario: "mixed", URL: good, Mix: unknown}, "conections"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Run(t.Context(), c.o)
			var e *clierr.Error
			if r != nil || !errors.As(err, &e) || !e.Usage || e.Hint == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %v", r, err)
			}
			if strings.Contains(e.Error(), "secret") {
				t.Error("the error shows the password")
			}
		})
	}
}

// listen accepts connections and hands them to serve, until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = c.Close() })
			go serve(c)
		}
	}()
	t.Cleanup(func() { cancel(); _ = ln.Close(); <-ended })
	return ln.Addr().String()
}

// netpollServer serves one endpoint.
func netpollServer(t *testing.T, e netpoll.Endpoint) string {
	t.Helper()
	s := &netpoll.Server{Addr: "127.0.0.1:0", Loops: 1, Endpoints: []netpoll.Endpoint{e}}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve() }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return s.ListenAddr().String()
}

// Whatever is wrong with the server, the run ends in time with an error for people.
func TestRunAgainstBrokenServers(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	status := func(code int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	says := func(text string) string {
		return netpollServer(t, netpoll.Endpoint{OnMessage: func(c *netpoll.Conn, _ frame.Op, _ []byte) { c.Send(frame.OpText, []byte(text)) }})
	}
	for name, c := range map[string]struct{ url, want string }{
		"refuses":         {closed.Addr().String(), "connection refused"},
		"is silent":       {listen(t, func(net.Conn) {}), "did not answer in time"},
		"closes":          {listen(t, func(c net.Conn) { _ = c.Close() }), "closed the connection"},
		"no HTTP":         {listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail ready\r\n\r\n") }), "does not speak HTTP"},
		"no TLS":          {"wss://" + status(200), "TLS"},
		"404":             {status(404), "(404)"},
		"403":             {status(403), "(403)"},
		"503":             {status(503), "accepts no more connections"},
		"200":             {status(200), "HTTP status 200"},
		"no connect":      {netpollServer(t, netpoll.Endpoint{}), "no answer to connect within"},
		"rubbish":         {says("hello"), "not the Centrifuge protocol"},
		"refuses connect": {says(`{"id":1,"error":{"code":101,"message":"unauthorized"}}`), "error 101 (unauthorized)"},
		"closes connect":  {netpollServer(t, netpoll.Endpoint{OnMessage: func(c *netpoll.Conn, _ frame.Op, _ []byte) { c.Close(3500, "invalid token") }}), "3500 (invalid token)"},
		"no such host":    {"ws://nowhere.invalid/ws", "no host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, err := Run(t.Context(), Options{Scenario: "fanout", URL: c.url, Connections: 20, Duration: 100 * time.Millisecond, Patience: 500 * time.Millisecond, Loops: 1})
			var e *clierr.Error
			if err == nil || !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v (%+v)", err, e)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// The hint doubts the address only as long as no connection was opened: then the server does not answer, or
// is slow.
func TestHintWithoutAnswer(t *testing.T) {
	r := &run{o: Options{URL: "localhost"}, workers: []*worker{{}}}
	r.o.target = &url.URL{Host: "localhost"}
	for opened, want := range []string{"is this the address", "a longer --timeout"} {
		r.workers[0].counters.opened.Store(int64(opened))
		var e *clierr.Error
		if err := r.explain(errNoAnswer); !errors.As(err, &e) || !strings.Contains(e.Hint, want) {
			t.Errorf("%d opened: %+v", opened, e)
		}
	}
}

// If the server dies during the run, the report has the measurements until then.
func TestServerDiesDuringRun(t *testing.T) {
	s := &netpoll.Server{Addr: "127.0.0.1:0", Loops: 1, Endpoints: []netpoll.Endpoint{{OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) }}}}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve() }()
	time.AfterFunc(400*time.Millisecond, func() { _ = s.Close() })
	began := time.Now()
	r, err := Run(t.Context(), Options{Scenario: "echo", URL: s.ListenAddr().String(), Connections: 50, Duration: 20 * time.Second, Loops: 1})
	<-ended
	if err == nil || !strings.Contains(err.Error(), "50 of 50 connections were lost") || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if r == nil || r.Counters.Delivered < 50 || r.Violations.Count > 0 || r.Err == "" {
		t.Errorf("%+v", r)
	}
}

// The end of the context ends a run in order, in every stage.
func TestContextEndsRun(t *testing.T) {
	addr := throng(t, nil)
	for _, scenario := range []string{"fanout", "storm", "idle", "connect", "stall", "dribble", "half-open"} {
		for _, after := range []time.Duration{0, 10 * time.Millisecond, 400 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			began := time.Now()
			r, err := Run(ctx, Options{Scenario: scenario, URL: addr, Connections: 100, Duration: 30 * time.Second, Loops: 2})
			cancel()
			if after == 0 {
				continue // not even the name could be looked up
			}
			if err != nil || r == nil || !r.Interrupted || r.Violations.Count > 0 || time.Since(began) > 5*time.Second {
				t.Errorf("%s after %v: %v, %+v, %v", scenario, after, err, r, time.Since(began))
			}
		}
	}
}

// Three processes make one run and one report, also if a room is split between them.
func TestThreeProcessesAreOneRun(t *testing.T) {
	addr := throng(t, nil)
	for _, o := range []Options{
		{Scenario: "fanout", Rate: 200},
		{Scenario: "rooms", Rooms: 30},
		{Scenario: "storm", Rooms: 2, Rate: 100},
		{Scenario: "rooms", Rooms: 2, Rate: 200, URL: roomServer(t, 0), Protocol: Rooms},
		{Scenario: "idle"},
	} {
		if o.URL == "" {
			o.URL = addr
		}
		o.Connections, o.Duration, o.Processes, o.Loops = 120, 500*time.Millisecond, 3, 1
		r, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(o.Scenario, err)
		}
		each := int64(o.Connections / max(1, o.Rooms))
		if r.Processes != 3 || r.Opened != 120 || r.Violations.Count > 0 || r.Counters.Sent == 0 || r.Counters.Delivered != each*r.Counters.Sent ||
			r.Phases.Get(report.Delivery).Count() != r.Counters.Delivered {
			t.Errorf("%s: %d processes, %d opened, %+v, %v", o.Scenario, r.Processes, r.Opened, r.Counters, r.Violations.First)
		}
	}
}

// The end of the context ends all processes, and so does the error of one of them.
func TestProcessesEndTogether(t *testing.T) {
	addr := throng(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r, err := Run(ctx, Options{Scenario: "fanout", URL: addr, Connections: 90, Duration: time.Minute, Processes: 3, Loops: 1})
	if err != nil || !r.Interrupted || r.Opened != 90 || r.Violations.Count > 0 || r.Duration > 10*time.Second {
		t.Errorf("%v, %+v", err, r)
	}
	_, err = Run(t.Context(), Options{Scenario: "fanout", URL: "127.0.0.1:1", Connections: 90, Processes: 3, Loops: 1})
	if err == nil || !strings.HasPrefix(err.Error(), "process 1 of 3: ") || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
	_, err = Run(t.Context(), Options{Scenario: "fanout", URL: addr, Connections: 90, Processes: 3, Self: []string{"false"}})
	if err == nil || !strings.Contains(err.Error(), "process") {
		t.Error(err)
	}
}

func TestMixedRunsAllParts(t *testing.T) {
	addr := throng(t, nil)
	file := filepath.Join(t.TempDir(), "mix.yaml")
	text := "parts:\n  - {scenario: idle, connections: 40, duration: 600ms}\n  - {scenario: rooms, connections: 40, rooms: 4, rate: 200, after: 100ms}\n" +
		"  - {scenario: echo, connections: 10, protocol: echo, url: 'ws://" + addr + "/echo'}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), Options{Scenario: "mixed", URL: addr, Mix: file, Duration: 400 * time.Millisecond})
	if err != nil || r.Opened != 90 || r.Violations.Count > 0 || r.Counters.Sent < 50 || r.Scenario != "mixed" {
		t.Errorf("%v, %+v", err, r)
	}
}

// On most machines localhost has the addresses ::1 and 127.0.0.1, and the server listens on one of them. The run keeps
// the first address that answers; if none does, it keeps all and its first dial reports the error.
func TestRunChoosesAddressThatAnswers(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	refuses := netip.MustParseAddrPort(closed.Addr().String())
	good := netip.MustParseAddrPort(netpollServer(t, netpoll.Endpoint{}))

	d := &netpoll.Dialer{Addr: refuses, Fallback: []netip.AddrPort{refuses, good, refuses}}
	if chooseAddress(t.Context(), d); d.Addr != good || d.Fallback != nil {
		t.Errorf("%v, %v", d.Addr, d.Fallback)
	}
	d = &netpoll.Dialer{Addr: refuses, Fallback: []netip.AddrPort{refuses}}
	if chooseAddress(t.Context(), d); d.Addr != refuses || len(d.Fallback) != 1 {
		t.Errorf("%v, %v", d.Addr, d.Fallback)
	}
}
