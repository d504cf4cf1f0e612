//go:build !windows

package netpoll

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// debtors is a server whose clients request a backlog: "N SIZE" asks for N messages of SIZE bytes to the client itself,
// "topic SIZE" for one message to that topic. A client is a member of the topic that its query names.
type debtors struct {
	*Server
	closed chan debtorEnd
}

type debtorEnd struct {
	name any
	code frame.CloseCode
}

func newDebtors(t *testing.T, bound int64, stall time.Duration) *debtors {
	d := &debtors{closed: make(chan debtorEnd, 1000)}
	e := Endpoint{
		MaxBacklog: 1 << 30, PauseBacklog: 1 << 30, MaxBacklogAge: time.Minute, SlowCode: 3008, PingInterval: -1,
		Accept: func(r *Request) error { r.SetContext(r.Query()); return nil },
		OnOpen: func(c *Conn) { c.Subscribe(c.Context().(string)) },
		OnMessage: func(c *Conn, op frame.Op, p []byte) {
			var what string
			var size int
			if _, err := fmt.Sscan(string(p), &what, &size); err != nil {
				c.Send(op, p)
				return
			}
			if n, err := strconv.Atoi(what); err == nil {
				for range n {
					c.Send(op, make([]byte, size))
				}
				return
			}
			c.Publish(what, NewBuffer(op, make([]byte, size)))
		},
		OnClose: func(c *Conn, e CloseEvent) { d.closed <- debtorEnd{c.Context(), e.Code} },
	}
	d.Server = start(t, &Server{Loops: 2, MaxBacklogMemory: bound, engine: engine{shedStall: stall}, Endpoints: []Endpoint{e}})
	return d
}

// owe connects n clients whose query is name, and has each of them send what.
func (d *debtors) owe(t *testing.T, n int, name, what string) (conns []net.Conn) {
	for range n {
		c := raw(t, d.Server, "/?"+name, "")
		_, _ = c.Write(masked(frame.OpBinary, []byte(what)))
		conns = append(conns, c)
	}
	return conns
}

// ended counts the closed connections by name.
func (d *debtors) ended(t *testing.T) map[any]int {
	ends := map[any]int{}
	for len(d.closed) > 0 {
		end := <-d.closed
		if ends[end.name]++; end.code != 3008 {
			t.Errorf("%s is closed with %d", end.name, end.code)
		}
	}
	return ends
}

// TestDeepestBacklogsAreClosedFirst exceeds MaxBacklogMemory: the connections with the largest backlogs are closed, on
// whichever loop, until the rest is within the bound, and no others.
func TestDeepestBacklogsAreClosedFirst(t *testing.T) {
	const bound = 16 << 20
	for _, kind := range []string{"1", "deep"} { // a message of their own, or one to a topic in which they are alone
		t.Run(kind, func(t *testing.T) {
			d := newDebtors(t, bound, time.Hour)
			d.owe(t, 20, "shallow", "1 300000")
			eventually(t, "the shallow ones wait", func() bool { return d.engine.backlogMemory() >= 20*300_000 })
			for i := range 12 {
				name, what := "deep", "1 2000000"
				if kind != "1" {
					name = fmt.Sprint("deep", i)
					what = name + " 2000000"
				}
				d.owe(t, 1, name, what)
			}
			eventually(t, "it fits", func() bool { return len(d.closed) >= 7 && d.engine.backlogMemory() <= bound })
			closed := d.ended(t)
			if closed["shallow"] > 0 {
				t.Errorf("closed: %v", closed)
			}
			if n := d.Stats().Limits.MaxBacklogMemory; n < 7 || n != d.Stats().Overflows {
				t.Errorf("%d are counted, %d overflows", n, d.Stats().Overflows)
			}
			healthy := dial(t, d.Server, "/?healthy")
			say(t, healthy, "fine")
			hear(t, healthy, "fine")
		})
	}
}

// TestStalledBacklogsAreClosed: above half of the bound stalled connections are closed. A client that reads, and has a
// larger backlog than each of them, gets everything.
func TestStalledBacklogsAreClosed(t *testing.T) {
	const bound, size = 16 << 20, 3 << 20
	d := newDebtors(t, bound, 0)
	reader := d.owe(t, 1, "reader", fmt.Sprint("1 ", size))[0]
	_ = reader.SetDeadline(time.Now().Add(2 * patience))
	got := make(chan error, 1)
	go func() {
		for n := 100_000; n < size; n += 100_000 { // some 4 seconds
			time.Sleep(100 * time.Millisecond)
			if _, err := io.CopyN(io.Discard, reader, 100_000); err != nil {
				got <- fmt.Errorf("after %d bytes: %w", n, err)
				return
			}
		}
		got <- nil
	}()
	d.owe(t, 8, "stalled", "1 1500000")
	eventually(t, "it is less than half", func() bool { return len(d.closed) > 0 && d.engine.backlogMemory() < bound/2 })
	if closed := d.ended(t); closed["reader"] > 0 || closed["stalled"] == 8 {
		t.Errorf("closed: %v", closed)
	}
	if err := <-got; err != nil {
		t.Errorf("a client that reads: %v", err)
	}
}

// TestReadersKeepTheirCredit fills the bound with clients that never read. Other clients have an equal backlog for
// longer, and have read several times as much before: none of these is closed.
func TestReadersKeepTheirCredit(t *testing.T) {
	const size, readers = 1 << 20, 5
	d := newDebtors(t, 16*size, time.Hour)
	var reading []net.Conn
	for range readers {
		c := d.owe(t, 1, "reader", fmt.Sprint("6 ", size))[0]
		_ = c.(*net.TCPConn).SetReadBuffer(64 << 10) // so that it does not grow to MiBs while it reads
		if _, err := io.CopyN(io.Discard, c, 6*size); err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write(masked(frame.OpBinary, []byte(fmt.Sprint("1 ", size))))
		reading = append(reading, c)
	}
	eventually(t, "the readers' last messages wait", func() bool { return d.engine.backlogMemory() >= readers*size/2 })
	d.owe(t, 25, "stalled", fmt.Sprint("1 ", size))
	eventually(t, "it fits", func() bool { return len(d.closed) >= 10 && d.engine.backlogMemory() <= 16*size })
	if closed := d.ended(t); closed["reader"] > 0 {
		t.Errorf("closed: %v", closed)
	}
	for _, c := range reading {
		if _, err := io.CopyN(io.Discard, c, size); err != nil {
			t.Error(err)
		}
	}
}

// TestLateLoopClosesNoReader keeps the loops busy for longer than a peer may stall. A client that has taken everything
// the kernel had is not closed for that, although its backlog is the largest.
func TestLateLoopClosesNoReader(t *testing.T) {
	const size = 3 << 20
	d := newDebtors(t, 10<<20, 0)
	reader := d.owe(t, 1, "reader", fmt.Sprint("1 ", size))[0]
	d.owe(t, 4, "stalled", "1 1000000")
	eventually(t, "all wait", func() bool { return d.engine.backlogMemory() > 5<<20 })
	for _, l := range d.engine.loops {
		l.Do(func() { time.Sleep(2 * defaultShedStall) })
	}
	if _, err := io.CopyN(io.Discard, reader, size); err != nil {
		t.Error(err)
	}
	if closed := d.ended(t); closed["reader"] > 0 {
		t.Errorf("closed: %v", closed)
	}
}

// TestSharedBacklogIsOneBacklog: a broadcast that a hundred members wait for counts once, so no member is closed.
func TestSharedBacklogIsOneBacklog(t *testing.T) {
	d := newDebtors(t, 16<<20, 0)
	d.owe(t, 100, "room", "0 0")
	d.owe(t, 1, "other", "room 2000000")
	eventually(t, "all wait", func() bool { return d.Stats().Backlog > 90*1_500_000 })
	time.Sleep(2 * defaultShedStall)
	if closed := d.ended(t); len(closed) > 0 {
		t.Errorf("closed: %v", closed)
	}
}

// TestShedClientReadsWhy: a connection with many short messages gets the rest of the message in progress, and then the
// close frame; one in the middle of a long message is reset.
func TestShedClientReadsWhy(t *testing.T) {
	d := newDebtors(t, 4<<20, 0)
	short := d.owe(t, 1, "short", "1000 8000")[0]
	eventually(t, "it is closed", func() bool { return d.ended(t)["short"] == 1 })
	if code, before := expectClose(t, short); code != 3008 || len(before) == 0 || len(before[len(before)-1].Payload) != 8000 {
		t.Errorf("code %d after %d messages", code, len(before))
	}
	long := d.owe(t, 1, "long", "1 8000000")[0]
	eventually(t, "it is closed", func() bool { return d.ended(t)["long"] == 1 })
	if _, err := io.Copy(io.Discard, long); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("in the middle of a message: %v", err)
	}
}

// TestShedGivesMemoryBack closes connections by the bound again and again: the counted memory is the memory that is
// held.
func TestShedGivesMemoryBack(t *testing.T) {
	const bound = 4 << 20
	d := newDebtors(t, bound, 0)
	var conns []net.Conn
	for i := range 60 {
		topic := fmt.Sprint("topic", i)
		conns = append(conns, d.owe(t, 1, topic, []string{"1 700000", "300 3000", topic + " 600000"}[i%3])...)
	}
	eventually(t, "it fits", func() bool { return d.engine.backlogMemory() <= bound })
	for i, c := range conns {
		if i%2 == 0 {
			_, _ = ws.ReadHeader(bufio.NewReader(c))
		}
		_ = c.Close()
	}
	eventually(t, "nothing is left", func() bool { st := d.Stats(); return st.BacklogMemory == 0 && st.Backlog == 0 && st.Conns == 0 })
	for _, l := range d.engine.loops {
		left := make(chan int)
		l.Do(func() { left <- len(l.owing) })
		if n := <-left; n > 0 {
			t.Errorf("%d connections are listed as owing", n)
		}
	}
}
