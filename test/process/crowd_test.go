//go:build linux

package process

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A crowd is a process with clients: the test binary started again, because one process may not
// open as many files as the server. It reads orders from its standard input and answers each with
// a report on its standard output.

const crowdMark = "THRONG_TEST_CROWD"

// crowdOrder is the first order; the second is to reconnect, and the last has the offsets of all
// messages in each room.
type crowdOrder struct {
	Addr   string // of the server
	Source string // the source address of the clients
	First  int    // number of the first client: number n is in room n modulo Rooms
	Count  int
	Rooms  int
}

// crowdReport is the answer to each order.
type crowdReport struct {
	Back         []time.Duration // for each client, the time from the order until it was in its room
	Refusals     map[string]int  // errors of attempts that were repeated, with their numbers
	Took         []time.Duration // latencies of the messages to connected clients
	Unrecovered  int             // replies with recovered: false
	Lost, Twice  int             // messages; Twice includes those out of order
	Disconnected map[string]int  // errors of connections that the server ended
}

func crowdRoom(n, rooms int) string { return fmt.Sprint("storm", n%rooms) }

// crowd is all members of one process.
type crowd struct {
	order   crowdOrder
	members []*member
	cut     atomic.Bool // the connections are closed on purpose
	began   time.Time
	in      sync.WaitGroup // members that are not in their rooms yet
	out     sync.WaitGroup // goroutines of members

	mu                     sync.Mutex
	refusals, disconnected map[string]int
}

// member is one client. It belongs to its goroutine, except last.
type member struct {
	crowd       *crowd
	room, epoch string
	peer        *peer
	back        time.Duration
	last        atomic.Uint64
	took        []time.Duration
	seen        []uint64 // offsets
	unrecovered int
	twice       int
}

// crowdMain is the main function of the process.
func crowdMain() int {
	orders, reports := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	c := &crowd{refusals: map[string]int{}, disconnected: map[string]int{}}
	if err := orders.Decode(&c.order); err != nil {
		return 1
	}
	for n := range c.order.Count {
		c.members = append(c.members, &member{crowd: c, room: crowdRoom(c.order.First+n, c.order.Rooms)})
	}
	c.enter()
	_ = reports.Encode(c.report())
	var storm bool
	if err := orders.Decode(&storm); err != nil {
		return 1
	}
	c.leave()
	c.enter()
	_ = reports.Encode(c.report())
	var published map[string][]uint64
	if err := orders.Decode(&published); err != nil {
		return 1
	}
	c.catchUp(published)
	c.leave()
	_ = reports.Encode(c.total(published))
	return 0
}

// enter connects all members at once and waits until they are in their rooms.
func (c *crowd) enter() {
	c.cut.Store(false)
	gate := make(chan struct{})
	for _, m := range c.members {
		c.in.Add(1)
		c.out.Go(func() {
			<-gate
			ok := m.enter()
			c.in.Done()
			if ok {
				m.follow()
			}
		})
	}
	c.began = time.Now()
	close(gate)
	c.in.Wait()
}

// leave resets all connections.
func (c *crowd) leave() {
	c.cut.Store(true)
	for _, m := range c.members {
		if m.peer != nil {
			_ = m.peer.conn.(*net.TCPConn).SetLinger(0)
			_ = m.peer.conn.Close()
		}
	}
	c.out.Wait()
}

// catchUp waits until all members have the last message of their rooms.
func (c *crowd) catchUp(published map[string][]uint64) {
	end := time.Now().Add(patience)
	for _, m := range c.members {
		all := published[m.room]
		for len(all) > 0 && m.last.Load() < all[len(all)-1] && time.Now().Before(end) {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func (c *crowd) report() (r crowdReport) {
	for _, m := range c.members {
		if m.back > 0 {
			r.Back = append(r.Back, m.back)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Refusals, c.refusals = c.refusals, map[string]int{}
	return r
}

// total is the last report, after all goroutines have ended.
func (c *crowd) total(published map[string][]uint64) crowdReport {
	r := crowdReport{Disconnected: c.disconnected}
	for _, m := range c.members {
		r.Took = append(r.Took, m.took...)
		r.Unrecovered += m.unrecovered
		r.Twice += m.twice
		r.Lost += len(published[m.room]) - (len(m.seen) - m.twice)
	}
	slices.Sort(r.Took)
	return r
}

// enter tries until the member is in its room, and recovers what it missed. There is neither jitter
// nor a growing delay between the attempts.
func (m *member) enter() bool {
	c := m.crowd
	m.peer, m.back = nil, 0
	for range 150 {
		p, err := dialWith(c.order.Addr, &net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.order.Source)}})
		if err == nil {
			if err = m.subscribe(p); err == nil {
				m.peer, m.back = p, time.Since(c.began)
				return true
			}
			_ = p.conn.Close()
		}
		c.note(c.refusals, err)
		time.Sleep(200 * time.Millisecond)
	}
	return false
}

// note counts an error by the last part of its text, which contains no port.
func (c *crowd) note(in map[string]int, err error) {
	text := err.Error()
	c.mu.Lock()
	in[text[strings.LastIndex(text, ": ")+1:]]++
	c.mu.Unlock()
}

func (m *member) subscribe(p *peer) error {
	_ = p.conn.SetDeadline(time.Now().Add(patience))
	s, err := p.subscribe(m.room, m.epoch, m.last.Load())
	if err != nil {
		return err
	}
	_ = p.conn.SetDeadline(time.Time{})
	if m.epoch != "" && s.Recovered {
		for _, pub := range s.Publications {
			m.received(pub.Offset)
		}
	} else {
		if m.epoch != "" {
			m.unrecovered++
		}
		m.last.Store(s.Offset)
	}
	m.epoch = s.Epoch
	return nil
}

// received records a message.
func (m *member) received(offset uint64) {
	if offset <= m.last.Load() {
		m.twice++
	}
	m.seen = append(m.seen, offset)
	m.last.Store(max(offset, m.last.Load()))
}

// follow reads until the connection ends.
func (m *member) follow() {
	for {
		text, err := m.peer.next()
		if err != nil {
			if !m.crowd.cut.Load() {
				m.crowd.note(m.crowd.disconnected, err)
			}
			return
		}
		if sent, offset, ok := parse(text); ok {
			m.received(offset)
			m.took = append(m.took, time.Since(time.Unix(0, sent)))
		}
	}
}

// add adds the numbers of another report.
func (r *crowdReport) add(o crowdReport) {
	r.Back, r.Took = append(r.Back, o.Back...), append(r.Took, o.Took...)
	r.Unrecovered, r.Lost, r.Twice = r.Unrecovered+o.Unrecovered, r.Lost+o.Lost, r.Twice+o.Twice
	r.Refusals, r.Disconnected = sum(r.Refusals, o.Refusals), sum(r.Disconnected, o.Disconnected)
}

func sum(a, b map[string]int) map[string]int {
	out := map[string]int{}
	for _, m := range []map[string]int{a, b} {
		for k, n := range m {
			out[k] += n
		}
	}
	return out
}

// part is a quantile of sorted values.
func part[T cmp.Ordered](sorted []T, of float64) (at T) {
	if len(sorted) > 0 {
		at = sorted[min(len(sorted)-1, int(of*float64(len(sorted))))]
	}
	return at
}
