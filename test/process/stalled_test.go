//go:build linux

package process

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// attack is the data that each connection sends that never reads a byte.
type attack struct {
	name     string
	path     string
	commands []string // frames; %d is the number of the connection
	flood    bool     // takes all the processors for a while, and what histories there are: no latency is judged
}

const bigRoom = "big"

// resume is a subscribe that recovers from the beginning.
func resume(epoch string) string {
	return fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q,"recover":true,"recoverable":true,"offset":1,"epoch":%q}}`, bigRoom, epoch)
}

func attacks(epoch string) []attack {
	connect, chat := `{"id":1,"connect":{}}`, "/connection/websocket"
	all := fmt.Sprintf(`{"id":2,"history":{"channel":%q,"limit":-1}}`, bigRoom)
	present := fmt.Sprintf(`{"id":2,"presence":{"channel":%q}}`, hallRoom)
	long := strings.Repeat("x", 50_000)
	own := append([]string{connect, `{"id":2,"subscribe":{"channel":"own-%d"}}`},
		slices.Repeat([]string{fmt.Sprintf(`{"id":3,"publish":{"channel":"own-%%d","data":%q}}`, long)}, 20)...)
	unknown := strings.TrimSpace(strings.Repeat(`{"id":2,"history":{"channel":"no-such-namespace:room"}}`+"\n", 64))
	return []attack{
		{"history", chat, []string{connect, all, all, all, all}, false},
		{"history in one frame", chat, []string{connect, strings.TrimSpace(strings.Repeat(all+"\n", 200))}, false},
		{"recovery", chat, []string{connect, resume(epoch)}, false},
		{"presence", chat, []string{connect, present, present, present, present}, false},
		{"own room", chat, own, true},
		{"echo", "/echo", slices.Repeat([]string{long}, 20), true},
		{"refusals", chat, append([]string{connect}, slices.Repeat([]string{unknown}, 100)...), true},
	}
}

// bytes returns all data of attacker number n, including its upgrade request.
func (a attack) bytes(n int) []byte {
	b := []byte(strings.Replace(upgrade, "/connection/websocket", a.path, 1))
	for _, c := range a.commands {
		b = frame.AppendMaskedFrame(b, frame.OpText, []byte(strings.ReplaceAll(c, "%d", fmt.Sprint(n))), [4]byte{1, 2, 3, 4})
	}
	return b
}

// attackers are connections of one process; each is open until the end, if the server does not close it.
type attackers struct {
	mu    sync.Mutex
	conns []net.Conn
	all   sync.WaitGroup
}

// begin connects n of them, 50 at a time.
func (as *attackers) begin(addr string, a attack, n int) {
	var next atomic.Int64
	d := &net.Dialer{Timeout: patience, Control: smallWindow}
	for range 50 {
		as.all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				c, err := d.Dial("tcp", addr)
				if err != nil {
					continue
				}
				as.mu.Lock()
				as.conns = append(as.conns, c)
				as.mu.Unlock()
				_ = c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)) // a server that does not read on is right
				_, _ = c.Write(a.bytes(int(i)))
			}
		})
	}
	as.all.Wait()
}

func (as *attackers) end() {
	for _, c := range as.conns {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
}

// bystander has the clients that are measured: a room with a publisher, and a client that requests a history now and then.
type bystander struct {
	room    *readersRoom
	history []time.Duration // how long each answer took
	least   string          // how each begins
	all     sync.WaitGroup
}

func (w *bystander) ask(ctx context.Context, p *peer) {
	w.all.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			_ = p.conn.SetDeadline(began.Add(patience))
			if err := p.send(fmt.Sprintf(`{"id":5,"history":{"channel":%q,"limit":-1}}`, bigRoom)); err != nil {
				w.room.t.Errorf("history: %v", err)
				return
			}
			if text, err := p.await(`{"id":5,`); err != nil || !strings.HasPrefix(text, w.least) {
				w.room.t.Errorf("history: %.80q, %v", text, err)
				return
			}
			w.history = append(w.history, time.Since(began))
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
}

// TestClientsThatReadNothing has many connections request as much data as possible, and read none of it. The server stays
// within its bounds, and clients that read are not closed or refused and receive their messages.
func TestClientsThatReadNothing(t *testing.T) {
	for _, a := range attacks("") {
		many := 4000
		if testing.Short() {
			many = 1000
		}
		t.Run(a.name, func(t *testing.T) { readNothing(t, a.name, many) })
	}
	t.Run("history, 15,000 connections", func(t *testing.T) {
		if testing.Short() {
			t.Skip("takes half a minute, and most of the files that a process may open")
		}
		readNothing(t, "history", min(15_000, filesAllowed(t)-400))
	})
}

func readNothing(t *testing.T, name string, many int) {
	bound, calm := 0, 5*time.Second // bound in MiB; 0: the default
	flags := []string{"--echo", "--max-rooms", "100000", "--max-loop-lag", "0s", "--history-bytes", "64MiB"}
	if testing.Short() {
		bound, calm = 32, time.Second
		flags = append(flags, "--backlog-bytes", "32MiB")
	}
	s := start(t, nil, flags...)
	h := &readersRoom{t: t, addr: s.addr}
	h.phase.Store(-1)
	talker, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	epoch := fillBig(t, talker)
	h.fill(20)
	p := join(t, s.addr, hallRoom)
	go func() { // its messages are not checked
		for err := error(nil); err == nil; _, err = p.next() {
		}
	}()
	ctx, stop := context.WithCancel(t.Context())
	h.publish(ctx, p, 20*time.Millisecond)
	a := attacks(epoch)[slices.IndexFunc(attacks(epoch), func(a attack) bool { return a.name == name })]
	w := &bystander{room: h, least: `{"id":5,"history":{"publications":[{`}
	if a.flood {
		w.least = `{"id":5,"history":{`
	}
	w.ask(ctx, talker)
	h.phase.Store(0)
	time.Sleep(calm)
	s.resetPeak()
	before := s.peak()
	h.phase.Store(1)
	as := &attackers{}
	began := time.Now()
	as.begin(s.addr, a, many)
	came := time.Since(began)
	time.Sleep(calm)
	h.phase.Store(-1)
	peak, files := s.peak(), s.files()
	stop()
	w.all.Wait()
	h.end(p)
	as.end()
	for i, r := range h.readers {
		if r.back > 0 {
			t.Errorf("reader %d was closed %d times", i, r.back)
		}
	}
	normal, beside := h.p99s()
	slices.Sort(w.history)
	t.Logf("%d attackers in %v, %d connections left: VmHWM %d MiB, was %d MiB; p99 %v, was %v; histories: median %v, max %v",
		len(as.conns), came.Round(time.Millisecond), files, peak>>10, before>>10, beside, normal, part(w.history, .5), part(w.history, 1))
	allowed := 512
	if bound > 0 {
		allowed = before>>10 + 2*bound*3/2 + 64 // the collector lets the heap grow to twice what is in use
	}
	if peak>>10 > allowed {
		t.Errorf("%d MiB, allowed are %d", peak>>10, allowed)
	}
	// Latencies are only checked on an otherwise idle machine: make soak.
	if !testing.Short() && !a.flood && beside > 3*max(normal, 20*time.Millisecond) {
		t.Errorf("p99 %v beside the attackers, %v without", beside, normal)
	}
}

// fillBig puts 2 MB of messages into the big room.
func fillBig(t *testing.T, p *peer) (epoch string) {
	t.Helper()
	for range 40 {
		if err := p.send(fmt.Sprintf(`{"id":4,"publish":{"channel":%q,"data":%q}}`, bigRoom, strings.Repeat("x", 50_000))); err != nil {
			t.Fatal(err)
		}
		text, err := p.await(`{"id":4,"publish":{`)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(text, `"epoch":"`)
		epoch, _, _ = strings.Cut(rest, `"`)
	}
	return epoch
}

// p99s are those of the deliveries without and with attackers.
func (h *readersRoom) p99s() (normal, beside time.Duration) {
	var took [2][]delivery
	for _, r := range h.readers {
		took[0], took[1] = append(took[0], r.took[0]...), append(took[1], r.took[1]...)
	}
	return p99(took[0]), p99(took[1])
}
