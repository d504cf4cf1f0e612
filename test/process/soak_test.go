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

// soak is the form of the soak test.
type soak struct {
	people, rooms int
	ping          time.Duration // the server's interval
	warm, hold    time.Duration // after everybody is in: until the first look, and from there on
	every         time.Duration // between two looks
	room          int           // KiB that a small server's garbage may move besides
}

// soakForm is the long one for SOAKTIME=30m, and one of 20 s otherwise.
func soakForm(t *testing.T) soak {
	value := os.Getenv("SOAKTIME")
	if value == "" || testing.Short() {
		return soak{people: 2000, rooms: 20, ping: 3 * time.Second, warm: 5 * time.Second, hold: 12 * time.Second, every: time.Second, room: 4 << 10}
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Minute {
		t.Fatalf("SOAKTIME=%s is no duration of at least 1m", value)
	}
	warm := min(d/4, 2*time.Minute)
	return soak{people: 15_000, rooms: 150, ping: 25 * time.Second, warm: warm, hold: d - warm, every: 5 * time.Second}
}

// TestSoak keeps people in rooms who say nothing but pongs: the server's memory, descriptors
// and goroutines stay as they are to within 2 % (each tenth of the time beside the whole, and the
// second half beside the first: garbage comes and goes), nobody is dropped, and at the end a message to
// each room reaches everybody once.
func TestSoak(t *testing.T) {
	form := soakForm(t)
	form.people = min(form.people, filesAllowed(t)-256-8)
	admin := freeAddr(t)
	s := start(t, nil, "--admin", admin, "--ping-interval", form.ping.String(), "--pong-timeout", (form.ping * 9 / 10).String())
	c := gather(t, s.addr, form)
	warm(s, admin, form.warm)
	const parts = 10
	var all []looked
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
		t.Errorf("the second half beside the first: %s", diff)
	}
	c.tell(t, s)
	if n := c.gone.Load(); n > 0 {
		t.Errorf("%d were dropped", n)
	}
	if n := c.pings.Load(); n < int64(form.people)*int64(form.hold/form.ping) {
		t.Errorf("%d pings are not one for each every %v", n, form.ping)
	}
}

// average is that of the memory, and the most of the others.
func average(all []looked) (a looked) {
	for _, l := range all {
		a.memory += l.memory / len(all)
		a.files, a.goroutines = max(a.files, l.files), max(a.goroutines, l.goroutines)
	}
	return a
}

// mean is what the server holds in a part of the time: its memory on the average, because
// garbage comes and goes, the most of the others.
func mean(s *server, admin string, form soak, d time.Duration) (m looked) {
	n := 0
	for end := time.Now().Add(d); n == 0 || time.Now().Before(end); n++ {
		now := look(s, admin)
		m.memory += now.memory
		m.files, m.goroutines = max(m.files, now.files), max(m.goroutines, now.goroutines)
		time.Sleep(form.every)
	}
	m.memory /= n
	return m
}

// looked is what the server holds.
type looked struct{ memory, files, goroutines int } // memory in KiB

func (l looked) String() string {
	return fmt.Sprintf("%d KiB resident, %d descriptors, %d goroutines", l.memory, l.files, l.goroutines)
}

// differs says what is not within 2 % of what it was. Of few goroutines one may be the runtime's.
func (l looked) differs(was looked, room int) string {
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

// freeAddr is a loopback address at which nobody listens: with --dev the server does not say
// which port it got.
func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var goroutines = regexp.MustCompile(`(?m)^go_goroutines (\d+)$`)

// warm lets the server make its garbage a few times over, by scrapes, so that its heap has the
// size that it keeps.
func warm(s *server, admin string, d time.Duration) {
	const scrapes = 200
	for range scrapes {
		look(s, admin)
		time.Sleep(d / scrapes)
	}
}

func look(s *server, admin string) (l looked) {
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

// still are people on event loops of this process.
type still struct {
	client                          netpoll.Client
	joined, pings, heard, gone, bad atomic.Int64
	form                            soak
}

// gather lets everybody in.
func gather(t *testing.T, addr string, form soak) *still {
	c := &still{form: form}
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
	eventually(t, "everybody is in", func() bool { return c.joined.Load() == int64(form.people) || c.bad.Load()+c.gone.Load() > 0 })
	if c.bad.Load()+c.gone.Load() > 0 {
		t.Fatalf("%d did not get in, %d did not stay", c.bad.Load(), c.gone.Load())
	}
	return c
}

func (c *still) message(conn *netpoll.Conn, _ frame.Op, p []byte) {
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

// tell sends one message to each room, and waits until everybody has it.
func (c *still) tell(t *testing.T, s *server) {
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
	eventually(t, "everybody has the message", func() bool { return c.heard.Load() >= int64(c.form.people) })
	time.Sleep(100 * time.Millisecond) // for what comes twice
	if n := c.heard.Load(); n != int64(c.form.people) {
		t.Errorf("%d messages came to %d", n, c.form.people)
	}
}
