package proxies

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws/wsutil"
)

const patience = 20 * time.Second

// Each example of docs/operations.md works as the page says.
func TestProxyExamples(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the clients need the addresses of 127/8, which only Linux has")
	}
	for _, e := range examples(t) {
		t.Run(e.title, func(t *testing.T) {
			t.Parallel()
			program := find(t, e.language)
			e.place(t)
			e.startThrong(t)
			e.startProxy(t, program)
			e.page(t)
			first := e.upgrade(t, 2, e.origin())
			first.status(t, 101)
			e.addresses(t)
			e.upgrade(t, 5, "https://evil.example").status(t, 403)
			e.upgrade(t, 6, e.origin(), "Cookie: session="+strings.Repeat("x", 12_000)).status(t, 101)
			first.stays(t)
			e.upgrade(t, 7, e.origin()).status(t, 101) // the proxy still thinks that we are well
		})
	}
}

func (e *example) origin() string { return "https://" + e.host }

// conn is a client with the address 127.0.0.host.
type conn struct {
	net.Conn
	r    *bufio.Reader
	code int // of the response, or 0 if the connection ended without one
	body string
}

func (e *example) dial(t *testing.T, host int) (*conn, error) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(host))}, Timeout: patience}
	c, err := d.DialContext(t.Context(), "tcp", e.front)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	if e.tls {
		secure := tls.Client(c, &tls.Config{ServerName: e.host, InsecureSkipVerify: true})
		if err := secure.HandshakeContext(t.Context()); err != nil {
			return nil, err
		}
		c = secure
	}
	return &conn{Conn: c, r: bufio.NewReader(c)}, nil
}

// ask sends a request and reads the response.
func (c *conn) ask(t *testing.T, method, request string) {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		return
	}
	if c.code = resp.StatusCode; c.code != http.StatusSwitchingProtocols {
		b, _ := io.ReadAll(resp.Body)
		c.body = string(b)
	}
}

func (c *conn) status(t *testing.T, want int) {
	t.Helper()
	if c.code != want {
		t.Errorf("answered with %d %.200s, want %d", c.code, c.body, want)
	}
}

func (e *example) get(t *testing.T, path string) *conn {
	t.Helper()
	e.pages++ // an address of its own: the request before may still count against the bound of an address
	c, err := e.dial(t, 9+e.pages)
	if err != nil {
		t.Fatal(err)
	}
	c.ask(t, "GET", fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, e.host))
	_ = c.Close()
	return c
}

// upgrade requests a WebSocket from 127.0.0.host. The code is 0 if throng closes the connection without a
// response.
func (e *example) upgrade(t *testing.T, host int, origin string, headers ...string) *conn {
	t.Helper()
	c, err := e.dial(t, host)
	if err != nil {
		return &conn{}
	}
	request := fmt.Sprintf("GET %sconnection/websocket HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", e.prefix, e.host, origin)
	for _, h := range headers {
		request += h + "\r\n"
	}
	c.ask(t, "GET", request+"\r\n")
	return c
}

// The page and all files that it names are served below the prefix.
func (e *example) page(t *testing.T) {
	t.Helper()
	c := e.get(t, e.prefix)
	c.status(t, 200)
	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(c.body, -1)
	if len(references) < 5 {
		t.Fatalf("no page: %.300s", c.body)
	}
	for _, m := range references {
		e.get(t, e.prefix+m[1]).status(t, 200)
	}
	if e.prefix != "/" {
		if c := e.get(t, strings.TrimSuffix(e.prefix, "/")); c.code < 301 || c.code > 308 {
			t.Errorf("without the slash: %d", c.code)
		}
	}
}

// throng counts the connections of each client address, whatever address the client claims. One
// connection of 127.0.0.2 is open.
func (e *example) addresses(t *testing.T) {
	t.Helper()
	for _, forged := range [][]string{nil, {"X-Forwarded-For: 203.0.113.7"}, {"X-Forwarded-For: 203.0.113.7,", "Forwarded: for=203.0.113.8"}} {
		c := e.upgrade(t, 2, e.origin(), forged...)
		if c.code != 429 && !(c.code == 0 && strings.Contains(e.command, "--tls-cert")) { // closed before the handshake
			t.Errorf("a second connection of one address with %q: %d %s", forged, c.code, c.body)
		}
	}
	e.upgrade(t, 3, e.origin()).status(t, 101)
	e.upgrade(t, 4, e.origin(), "X-Forwarded-For: 127.0.0.2").status(t, 101)
}

// A connection with nothing but pings lives longer than the timeouts of the proxy.
func (c *conn) stays(t *testing.T) {
	t.Helper()
	say := func(text string) {
		if err := wsutil.WriteClientText(c, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	say(`{"id":1,"connect":{}}`)
	begin, long := time.Now(), 5*time.Second // in which there are two pings at least
	if testing.Short() {
		long = 0
	}
	for time.Since(begin) < long {
		_ = c.SetDeadline(time.Now().Add(patience))
		b, _, err := wsutil.ReadServerData(struct {
			io.Reader
			io.Writer
		}{c.r, c})
		if err != nil {
			t.Fatalf("after %v: %v", time.Since(begin).Round(time.Second), err)
		}
		if string(bytes.TrimSpace(b)) == "{}" {
			say("{}")
		}
	}
}
