//go:build !windows

//lint:file-ignore SA1019 ws.ReadFrame reads what the test itself sends, so its memory is bounded.

package netpoll

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll/upgrade"
)

// acceptKey is the right answer to a key (RFC 6455, 4.2.2).
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// scripted is a server that does what serve says once it has read the request; answer is the
// right response. It closes the connection behind serve.
func scripted(t testing.TB, serve func(c net.Conn, answer string)) net.Addr {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience))
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				serve(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
					acceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n")
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); all.Wait() })
	return ln.Addr()
}

func isStatus(status int) func(error) bool {
	return func(err error) bool {
		var e *upgrade.StatusError
		return errors.As(err, &e) && e.Status == status
	}
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

// TestHostileServers: every response that is not a WebSocket server's gives an error that says so, whether it comes
// whole or byte by byte, and leaves nothing behind.
func TestHostileServers(t *testing.T) {
	forever := strings.Repeat("X-Endless: header\r\n", 1000)
	rows := []struct {
		name   string
		answer func(good string) string
		ok     func(error) bool
	}{
		{"wrong accept key", func(g string) string { return strings.Replace(g, "Accept: ", "Accept: x", 1) }, is(ws.ErrHandshakeBadSecAccept)},
		{"no accept key", func(g string) string { return g[:strings.Index(g, "Sec-")] + "\r\n" }, is(ws.ErrHandshakeBadSecAccept)},
		{"no Upgrade", func(g string) string { return strings.Replace(g, "Upgrade: websocket\r\n", "", 1) }, is(ws.ErrHandshakeBadUpgrade)},
		{"other Upgrade", func(g string) string { return strings.Replace(g, "websocket", "h2c", 1) }, is(ws.ErrHandshakeBadUpgrade)},
		{"no Connection", func(g string) string { return strings.Replace(g, "Connection: Upgrade\r\n", "", 1) }, is(ws.ErrHandshakeBadConnection)},
		{"Connection without upgrade", func(g string) string {
			return strings.Replace(g, "Connection: Upgrade", "Connection: keep-alive, x-upgrade", 1)
		}, is(ws.ErrHandshakeBadConnection)},
		{"subprotocol not offered", func(g string) string { return g[:len(g)-2] + "Sec-WebSocket-Protocol: x\r\n\r\n" }, is(ws.ErrHandshakeBadSubProtocol)},
		{"extension not offered", func(g string) string { return g[:len(g)-2] + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" }, is(ws.ErrHandshakeBadExtensions)},
		{"200", func(string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" }, isStatus(200)},
		{"redirect", func(string) string { return "HTTP/1.1 301 Moved\r\nLocation: ws://elsewhere/\r\n\r\n" }, isStatus(301)},
		{"503 without end", func(string) string { return "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n" + forever }, isStatus(503)},
		{"503 cut off", func(string) string { return "HTTP/1.1 503 Busy\r\nRetry-After" }, isStatus(503)},
		{"HTTP/1.0", func(g string) string { return strings.Replace(g, "1.1", "1.0", 1) }, is(ws.ErrHandshakeBadProtocol)},
		{"endless header", func(g string) string { return g[:len(g)-2] + forever }, is(upgrade.ErrLongResponse)},
		{"endless line", func(string) string { return strings.Repeat("x", 20_000) }, is(upgrade.ErrLongResponse)},
		{"closed in the header", func(g string) string { return g[:60] }, is(io.ErrUnexpectedEOF)},
		{"closed at once", func(string) string { return "" }, is(io.ErrUnexpectedEOF)},
		{"garbage", func(string) string { return "\x00\xff\r\n\r\n\r\n" }, is(ws.ErrMalformedResponse)},
	}
	k := client(t, &Client{Loops: 1})
	for _, row := range rows {
		for _, dribble := range []bool{false, true} {
			t.Run(fmt.Sprint(row.name, " dribble=", dribble), func(t *testing.T) {
				addr := scripted(t, func(c net.Conn, good string) {
					send := row.answer(good)
					if !dribble {
						_, _ = io.WriteString(c, send)
					}
					for i := 0; dribble && i < min(len(send), 9000); i++ {
						if _, err := c.Write([]byte{send[i]}); err != nil {
							return
						}
					}
				})
				e := k.refused(t, dialerOf(addr))
				if e.Phase != DialUpgrade || !row.ok(e) || e.Times.Connect <= 0 || e.Times.Upgrade != 0 {
					t.Errorf("%s: %v (%+v)", e.Phase, e, e.Times)
				}
				k.alone(t)
			})
		}
	}
}

// TestResponseFieldsByValue: fields of a response are parsed as lists, and an empty list counts as absent (RFC 6455,
// section 4.1; RFC 9110, sections 5.3 and 5.6.1).
func TestResponseFieldsByValue(t *testing.T) {
	for _, lines := range []string{
		"Connection: upgrade, keep-alive",
		"Connection: keep-alive\r\nCONNECTION: ,Upgrade,",
		"connection: Upgrade\r\nConnection: upgrade\r\nconnection:",
		"Connection:Upgrade\r\nSec-WebSocket-Protocol:\r\nSec-WebSocket-Extensions: ,",
		"Connection: Upgrade\r\nContent-Length: 0\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT",
	} {
		addr := scripted(t, func(c net.Conn, good string) {
			_, _ = io.WriteString(c, strings.Replace(good, "Connection: Upgrade", lines, 1)+string(frame.AppendFrame(nil, frame.OpText, []byte("first"))))
			_, _ = c.Read(make([]byte, 1))
		})
		k := client(t, &Client{Loops: 1})
		k.dial(t, dialerOf(addr))
		if got := get(t, k.texts); got != "first" {
			t.Errorf("%q: %q", lines, got)
		}
		_ = k.Close()
	}
}

func TestRetryAfter(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{
		Accept: func(*Request) error {
			return &Reject{Status: 503, Reason: "later", Header: http.Header{"Retry-After": {"7"}}}
		},
	}}})
	k := client(t, &Client{Loops: 1})
	var e *upgrade.StatusError
	if err := k.refused(t, to(s)); !errors.As(err, &e) || e.Status != 503 || e.RetryAfter() != 7*time.Second {
		t.Errorf("%v, %+v", err, e)
	}
	for v, want := range map[string]time.Duration{
		"": 0, "-1": 0, "soon": 0, "120": 2 * time.Minute, "99999999999": 0, "Mon, 02 Jan 2006 15:04:05 GMT": 0,
	} {
		if got := (&upgrade.StatusError{Header: http.Header{"Retry-After": {v}}}).RetryAfter(); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
	in := &upgrade.StatusError{Header: http.Header{"Retry-After": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}}
	if got := in.RetryAfter(); got < 59*time.Minute || got > time.Hour {
		t.Error(got)
	}
}

// TestSlowResponseTimesOut sends the response and frames one byte at a time, and all at once.
func TestSlowResponseTimesOut(t *testing.T) {
	for _, size := range []int{1, 7, 1 << 20} {
		for _, secure := range []bool{false, true} {
			var text bytes.Buffer // more than the reader of the response holds
			var want []string
			for i := range 20 {
				want = append(want, strings.Repeat("a", i*i*20))
				text.Write(frame.AppendFrame(nil, frame.OpText, []byte(want[i])))
			}
			addr := scripted(t, func(c net.Conn, answer string) {
				for all := []byte(answer + text.String()); len(all) > 0; {
					n, err := c.Write(all[:min(size, len(all))])
					if err != nil {
						t.Error(err)
						return
					}
					all = all[n:]
				}
				_, _ = c.Read(make([]byte, 1))
			})
			d := dialerOf(addr)
			if secure {
				addr = tlsFront(t, addr, size)
				d = dialerOf(addr)
				d.TLS = clientTLS(0)
			}
			k := client(t, &Client{Loops: 1})
			k.dial(t, d)
			for i := range want {
				if got := get(t, k.texts); got != want[i] {
					t.Fatalf("message %d: got %d bytes", i, len(got))
				}
			}
			_ = k.Close()
			if get(t, k.closed).code != frame.CloseAbnormal {
				t.Error("not 1006")
			}
		}
	}
}

// tlsFront is a TLS listener before a plain server, which cuts its records into pieces.
func tlsFront(t testing.TB, behind net.Addr, size int) net.Addr {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			var outer net.Conn = c
			if size < 37 {
				outer = &slicer{Conn: c}
			}
			front := tls.Server(outer, tlsConfig())
			back, err := net.Dial("tcp", behind.String())
			if err != nil {
				t.Error(err)
				return
			}
			all.Go(func() { _, _ = io.Copy(back, front); _ = back.Close() })
			all.Go(func() { _, _ = io.Copy(front, back); _ = front.Close() })
		}
	})
	t.Cleanup(func() { _ = ln.Close(); all.Wait() })
	return ln.Addr()
}

// TestBadFrames: a frame that a server may not send ends the connection with a masked close frame that says why.
func TestBadFrames(t *testing.T) {
	for name, row := range map[string]struct {
		send string
		code frame.CloseCode
	}{
		"masked":            {"\x81\x85\x00\x00\x00\x00hello", 1002},
		"RSV1":              {"\xc1\x01x", 1002},
		"not UTF-8":         {"\x81\x01\xff", 1007},
		"too big":           {"\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00", 1009},
		"HTTP":              {"HTTP/1.1 200 OK\r\n\r\n", 1002},
		"continuation":      {"\x80\x00", 1002},
		"one byte of close": {"\x88\x01x", 1002},
	} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan frame.CloseCode, 1)
			addr := scripted(t, func(c net.Conn, answer string) {
				_, _ = io.WriteString(c, answer+row.send)
				f, err := ws.ReadFrame(c)
				if err != nil || !f.Header.Masked {
					t.Errorf("%+v, %v", f.Header, err)
				}
				code, _ := ws.ParseCloseFrameData(ws.UnmaskFrame(f).Payload)
				heard <- frame.CloseCode(code)
			})
			k := client(t, &Client{Loops: 1})
			k.dial(t, dialerOf(addr))
			if got := get(t, k.closed).code; got != row.code || get(t, heard) != row.code {
				t.Errorf("closed with %d", got)
			}
			k.alone(t)
		})
	}
}

// TestDialDeadlines: each phase of a dial has a deadline.
func TestDialDeadlines(t *testing.T) {
	full, fill := fullListener(t)
	defer fill()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the kernel completes the TCP handshakes, no process accepts
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	half := scripted(t, func(c net.Conn, _ string) {
		_, _ = io.WriteString(c, "HTTP/1.1 429 Slow\r\n")
		_, _ = c.Read(make([]byte, 1))
	})
	const short = 50 * time.Millisecond
	for name, row := range map[string]struct {
		dialer Dialer
		phase  DialPhase
		ok     func(error) bool
	}{
		"connect": {Dialer{Addr: dialerOf(full).Addr, ConnectTimeout: short}, DialConnect, is(os.ErrDeadlineExceeded)},
		"TLS":     {Dialer{Addr: dialerOf(silent.Addr()).Addr, TLS: clientTLS(0), TLSTimeout: short}, DialTLS, is(os.ErrDeadlineExceeded)},
		"upgrade": {Dialer{Addr: dialerOf(silent.Addr()).Addr, UpgradeTimeout: short}, DialUpgrade, is(os.ErrDeadlineExceeded)},
		"refusal": {Dialer{Addr: dialerOf(half).Addr, UpgradeTimeout: short}, DialUpgrade, isStatus(429)},
	} {
		t.Run(name, func(t *testing.T) {
			k := client(t, &Client{Loops: 1})
			if e := k.refused(t, &row.dialer); e.Phase != row.phase || !row.ok(e) {
				t.Errorf("%s: %v", e.Phase, e)
			}
			k.alone(t)
		})
	}
}

// fullListener is the address of a listener whose backlog is full: a SYN gets no answer.
func fullListener(t testing.TB) (net.Addr, func()) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, _ := unix.Getsockname(fd)
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: sa.(*unix.SockaddrInet4).Port}
	fds := []int{fd}
	for range 3 {
		c, _ := newSocket(unix.AF_INET)
		_ = unix.Connect(c, sa)
		fds = append(fds, c)
	}
	return addr, func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}
}

func TestClientTLSErrors(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
	plain := scripted(t, func(c net.Conn, _ string) {})
	k := client(t, &Client{Loops: 1})

	d := to(s)
	d.TLS = &tls.Config{}
	var unknown x509.UnknownAuthorityError
	if e := k.refused(t, d); e.Phase != DialTLS || !errors.As(e, &unknown) {
		t.Errorf("%s: %v", e.Phase, e)
	}
	d = dialerOf(plain)
	d.TLS = &tls.Config{}
	if e := k.refused(t, d); e.Phase != DialTLS {
		t.Errorf("%s: %v", e.Phase, e)
	}
	d = to(s)
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(testCertificate().Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	d.TLS = &tls.Config{RootCAs: roots} // the name comes from Addr
	k.dial(t, d)
	if n := k.Stats().DialsFailed; n != 2 {
		t.Errorf("%d dials failed", n)
	}
}
