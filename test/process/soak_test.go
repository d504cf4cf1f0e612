//go:build linux

package process

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// soak has the parameters of the soak test.
type soak struct {
	people, rooms int
	ping          time.Duration // the server's interval
	warm, hold    time.Duration // after all clients have joined: until the first reading, and from then on
	every         time.Duration // between two readings
	room          int           // KiB that the garbage of a small server may vary in addition
}

// soakForm returns the parameters for SOAKTIME, such as 30m, and otherwise those for 20 s.
func soakForm(t *testing.T) soak {
	value := os.Getenv("SOAKTIME")
	if value == "" || testing.Short() {
		return soak{people: 2000, rooms: 20, ping: 3 * time.Second, warm: 5 * time.Second, hold: 12 * time.Second, every: time.Second, room: 4 << 10}
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Minute {
		t.Fatalf("SOAKTIME=%s is not a duration of at least 1m", value)
	}
	warm := min(d/4, 2*time.Minute)
	return soak{people: 15_000, rooms: 150, ping: 25 * time.Second, warm: warm, hold: d - warm, every: 5 * time.Second}
}

// Clients are in rooms and send nothing but pongs. The server's memory, descriptors and goroutines stay the
// same to within 2 % (each tenth of the time compared with the whole, and the second half with the first,
// because garbage varies), no client is disconnected, and at the end a message to each room reaches every
// member once.
func TestSoak(t *testing.T) {
	form := soakForm(t)
	form.people = min(form.people, filesAllowed(t)-256-8)
	admin := freeAddr(t)
	s := start(t, nil, "--admin", admin, "--ping-interval", form.ping.String(), "--pong-timeout", (form.ping * 9 / 10).String())
	c := openIdle(t, s.addr, form)
	warm(s, admin, form.warm)
	const parts = 10
	var all []usage
	for i := range parts {
		all = append(all, mean(s, admin, form, form.hold/parts))
		t.Logf("part %d of %d: %d people in %d rooms, %v, %d pings answered", i+1, parts, form.people, form.rooms, all[i], c.pings.Load())
	}
	whole := average(all)
	for i, part := range all {
		if diff := part.differs(whole, form.room); diff != "" {
			t.Errorf("part %d: %s", i+1, diff)
		}
	}
	if diff := average(all[parts/2:]).differs(average(all[:parts/2]), form.room); diff != "" {
		t.Errorf("the second half compared with the first: %s", diff)
	}
	c.broadcast(t, s)
	if n := c.gone.Load(); n > 0 {
		t.Errorf("%d clients were disconnected", n)
	}
	if n := c.pings.Load(); n < int64(form.people)*int64(form.hold/form.ping) {
		t.Errorf("%d pings are not one for each every %v", n, form.ping)
	}
}

// average returns the average memory and the maximum of the others.
func average(all []usage) (a usage) {
	for _, l := range all {
		a.memory += l.memory / len(all)
		a.files, a.goroutines = max(a.files, l.files), max(a.goroutines, l.goroutines)
	}
	return a
}

// mean returns the usage of the server in a part of the time: the average memory, because garbage varies,
// and the maximum of the others.
func mean(s *server, admin string, form soak, d time.Duration) (m usage) {
	n := 0
	for end := time.Now().Add(d); n == 0 || time.Now().Before(end); n++ {
		now := readUsage(s, admin)
		m.memory += now.memory
		m.files, m.goroutines = max(m.files, now.files), max(m.goroutines, now.goroutines)
		time.Sleep(form.every)
	}
	m.memory /= n
	return m
}

// usage has the resources of the server.
type usage struct{ memory, files, goroutines int } // memory in KiB

func (l usage) String() string {
	return fmt.Sprintf("%d KiB resident, %d descriptors, %d goroutines", l.memory, l.files, l.goroutines)
}

// differs describes the values that are not within 2 % of those before. One goroutine more may be the
// runtime's.
func (l usage) differs(was usage, room int) string {
	var out []string
	for _, c := range []struct {
		name     string
		now, was int
		least    int
	}{
		{"KiB resident", l.memory, was.memory, room},
		{"descriptors", l.files, was.files, 0},
		{"goroutines", l.goroutines, was.goroutines, 1},
	} {
		if d := c.now - c.was; max(d, -d) > max(c.was*2/100, c.least) {
			out = append(out, fmt.Sprintf("%d %s, not within 2 %% of %d", c.now, c.name, c.was))
		}
	}
	return strings.Join(out, "; ")
}

// freeAddr returns a loopback address on which no process listens: with --dev the server does not print
// its admin port.
func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var goroutines = regexp.MustCompile(`(?m)^go_goroutines (\d+)$`)

// warm scrapes the server until its garbage collector has run a few times, so that its heap has its final
// size.
func warm(s *server, admin string, d time.Duration) {
	const scrapes = 200
	for range scrapes {
		readUsage(s, admin)
		time.Sleep(d / scrapes)
	}
}

func readUsage(s *server, admin string) (l usage) {
	s.t.Helper()
	l.memory, l.files = s.status("VmRSS:"), s.files()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + admin + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	m := goroutines.FindStringSubmatch(string(text))
	if m == nil {
		s.t.Fatal("no go_goroutines")
	}
	l.goroutines, _ = strconv.Atoi(m[1])
	return l
}

// idleClients are clients on event loops of this process.
type idleClients struct {
	client                          netpoll.Client
	joined, pings, heard, gone, bad atomic.Int64
	form                            soak
}

// openIdle connects all clients.
func openIdle(t *testing.T, addr string, form soak) *idleClients {
	c := &idleClients{form: form}
	c.client = netpoll.Client{
		Endpoint: netpoll.Endpoint{
			OnOpen: func(conn *netpoll.Conn) {
				conn.Send(frame.OpText, fmt.Appendf(nil, "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"soak%d\"}}", conn.Context()))
			},
			OnMessage: c.message,
			OnClose:   func(*netpoll.Conn, netpoll.CloseEvent) { c.gone.Add(1) },
		},
		OnDialError: func(*netpoll.DialError) { c.bad.Add(1) },
	}
	if err := c.client.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.client.Close() })
	for n := range form.people {
		d := &netpoll.Dialer{
			Addr: netip.MustParseAddrPort(addr), Path: "/connection/websocket", ConnectTimeout: patience, UpgradeTimeout: patience,
			Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(1 + n/10_000)}), 0),
		}
		if err := c.client.Dial(d, n%form.rooms); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all clients have joined", func() bool { return c.joined.Load() == int64(form.people) || c.bad.Load()+c.gone.Load() > 0 })
	if c.bad.Load()+c.gone.Load() > 0 {
		t.Fatalf("%d clients could not join, %d were disconnected", c.bad.Load(), c.gone.Load())
	}
	return c
}

func (c *idleClients) message(conn *netpoll.Conn, _ frame.Op, p []byte) {
	switch {
	case string(p) == "{}":
		conn.Send(frame.OpText, p)
		c.pings.Add(1)
	case bytes.Contains(p, []byte(`{"id":2,"subscribe":`)):
		c.joined.Add(1)
	case bytes.Contains(p, []byte(`"data":"soak"`)):
		c.heard.Add(1)
	}
}

// broadcast sends one message to each room, and waits until every member has it.
func (c *idleClients) broadcast(t *testing.T, s *server) {
	p, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer p.conn.Close()
	for n := range c.form.rooms {
		if err := p.send(fmt.Sprintf(`{"id":9,"publish":{"channel":"soak%d","data":"soak"}}`, n)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "every client has the message", func() bool { return c.heard.Load() >= int64(c.form.people) })
	time.Sleep(100 * time.Millisecond) // for messages that come twice
	if n := c.heard.Load(); n != int64(c.form.people) {
		t.Errorf("%d messages reached %d clients", n, c.form.people)
	}
}
