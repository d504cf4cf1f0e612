//go:build linux

package process

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	reads   int32 = iota // reads everything at once
	stopped              // reads nothing
	slowly               // 1 KiB a second
)

// reader is a member of a readersRoom.
type reader struct {
	room  *readersRoom
	slow  bool
	peer  atomic.Pointer[peer]
	pace  atomic.Int32
	took  [2][]delivery // without and with slow readers
	saw   []uint64      // offsets; 0 after a reply with recovered: false
	back  int           // number of reconnects
	whole int           // of these, those with recovered: true
}

// delivery is a message that arrived: when it was sent, and how long it took.
type delivery struct {
	second int64 // Unix
	took   time.Duration
}

// readersRoom is a room with readers, and a publisher that records the order of all messages.
type readersRoom struct {
	t       *testing.T
	addr    string
	phase   atomic.Int32 // index of took
	over    atomic.Bool
	in      atomic.Int32 // subscriptions made
	readers []*reader
	order   []uint64 // offsets in the order in which the publisher received them
	all     sync.WaitGroup
}

const hallRoom = "hall"

// pacedConn reads at the reader's pace.
type pacedConn struct {
	net.Conn
	r *reader
}

func (c pacedConn) Read(p []byte) (int, error) {
	for c.r.pace.Load() == stopped {
		time.Sleep(10 * time.Millisecond)
	}
	if c.r.pace.Load() == slowly {
		time.Sleep(time.Second)
		p = p[:min(len(p), 1<<10)]
	}
	return c.Conn.Read(p)
}

// smallWindow gives a reader a small receive buffer, so that the server reaches its bound.
func smallWindow(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 8<<10) })
}

// run reads until the test is over. It reconnects whenever the connection ends.
func (r *reader) run() error {
	d := &net.Dialer{Timeout: patience}
	if r.slow {
		d.Control = smallWindow
	}
	for epoch := ""; ; {
		p, err := dialWith(r.room.addr, d)
		if err != nil {
			return err
		}
		p.conn = pacedConn{p.conn, r}
		p.r.Reset(p.conn)
		r.peer.Store(p)
		if r.room.over.Load() { // end has hung up the connection before this one
			_ = p.conn.Close()
			return nil
		}
		s, err := p.subscribe(hallRoom, epoch, r.last())
		if err == nil {
			r.resumed(&s, epoch != "")
			epoch = s.Epoch
			r.room.in.Add(1)
			err = r.follow(p)
		}
		_ = p.conn.Close()
		if r.room.over.Load() {
			return nil
		}
		if !r.slow {
			return err
		}
	}
}

func (r *reader) last() uint64 {
	if len(r.saw) == 0 {
		return 0
	}
	return r.saw[len(r.saw)-1]
}

func (r *reader) resumed(s *subscription, again bool) {
	if again {
		r.back++
	}
	if again && s.Recovered {
		r.whole++
		for _, p := range s.Publications {
			r.saw = append(r.saw, p.Offset)
		}
		return
	}
	r.saw = append(r.saw, 0, s.Offset) // a gap, and the offset after it
}

func (r *reader) follow(p *peer) error {
	for {
		text, err := p.next()
		if err != nil {
			return err
		}
		for line := range strings.Lines(text) { // a recovery may have many pushes in one frame
			if sent, offset, ok := parse(line); ok {
				r.note(sent, offset)
			}
		}
	}
}

func (r *reader) note(sent int64, offset uint64) {
	r.saw = append(r.saw, offset)
	if phase := r.room.phase.Load(); phase >= 0 {
		r.took[phase] = append(r.took[phase], delivery{sent / 1e9, time.Since(time.Unix(0, sent))})
	}
}

// parse returns the time of sending and the offset in a push.
func parse(text string) (sent int64, offset uint64, ok bool) {
	_, rest, ok := strings.Cut(text, `"pub":{"data":{"t":`)
	if !ok {
		return 0, 0, false
	}
	number, _, _ := strings.Cut(rest, ",")
	sent, _ = strconv.ParseInt(number, 10, 64)
	_, rest, _ = strings.Cut(rest[strings.LastIndex(rest, `"offset"`)+1:], ":")
	number, _, _ = strings.Cut(strings.TrimRight(rest, "}\n"), ",")
	offset, err := strconv.ParseUint(number, 10, 64)
	return sent, offset, err == nil
}

const (
	messageSize = 16 << 10
	every       = 50 * time.Millisecond
)

// fillHistory publishes as much as the room keeps, so that its memory is a part of idle. From then on the
// publisher records the order of the messages.
func (h *readersRoom) fillHistory(p *peer) {
	const n = 4000 // 60 MiB, so that the garbage collector has come round too
	filled := make(chan struct{})
	h.all.Go(func() {
		for {
			text, err := p.next()
			if err != nil {
				if !h.over.Load() {
					h.t.Errorf("publisher: %v", err)
				}
				return
			}
			if _, offset, ok := parse(text); ok {
				if h.order = append(h.order, offset); len(h.order) == n {
					close(filled)
				}
			}
		}
	})
	for range n {
		if err := p.send(h.message()); err != nil {
			h.t.Fatal(err)
		}
	}
	<-filled
}

// publish sends messages at an even rate until ctx ends.
func (h *readersRoom) publish(ctx context.Context, p *peer, every time.Duration) {
	h.all.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := p.send(h.message()); err != nil {
					if ctx.Err() == nil {
						h.t.Errorf("publish: %v", err)
					}
					return
				}
			}
		}
	})
}

var pad = strings.Repeat("x", messageSize)

func (h *readersRoom) message() string {
	return fmt.Sprintf(`{"id":9,"publish":{"channel":%q,"data":{"t":%d,"pad":%q}}}`, hallRoom, time.Now().UnixNano(), pad)
}

// check compares the offsets of a reader with those that were published. Each must be followed by the next
// one, unless the server has announced a gap.
func (r *reader) check(index map[uint64]int) error {
	at, broken := -1, true
	for _, offset := range r.saw {
		if offset == 0 {
			broken = true
			continue
		}
		i, ok := index[offset]
		switch {
		case !ok && !broken:
			return fmt.Errorf("offset %d was never published", offset)
		case !ok:
			continue // published before the record begins
		case !broken && i != at+1, i < at:
			return fmt.Errorf("number %d came after number %d", i, at)
		}
		at, broken = i, false
	}
	return nil
}

// In turns, all readers of a room read, or 1 % of them stop and 1 % read 1 KiB a second. The latency of the
// others does not grow, memory stays within the bound, and the slow readers reconnect and recover every offset.
func TestSlowReadersDelayNoOthers(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes int // MiB
		flags []string
	}{
		{"by bytes", 1, []string{"--outbound-bytes", "1MiB", "--max-message", "64KiB"}},
		{"by age", 32, []string{"--outbound-bytes", "32MiB", "--outbound-age", "2s"}},
	} {
		t.Run(c.name, func(t *testing.T) { slowReaders(t, c.bytes, c.flags) })
	}
}

func slowReaders(t *testing.T, bound int, flags []string) {
	people, rounds, quiet, busy := 500, 2, 6*time.Second, 16*time.Second
	if testing.Short() {
		people, rounds, quiet, busy = 100, 1, 3*time.Second, 14*time.Second
	}
	s := start(t, nil, append(flags, "--history-bytes", "16MiB", "--room-history-bytes", "16MiB", "--publisher-history-bytes", "16MiB")...)
	h := &readersRoom{t: t, addr: s.addr}
	h.phase.Store(-1)
	p := join(t, s.addr, hallRoom)
	ctx, stop := context.WithCancel(t.Context())
	h.fillHistory(p)
	slow := h.fill(people)
	h.publish(ctx, p, every)
	time.Sleep(2 * time.Second) // buffers and windows grow
	idle := 0
	for range rounds {
		h.phase.Store(0)
		time.Sleep(quiet)
		if idle == 0 {
			idle = s.peak()
		}
		h.phase.Store(1)
		for i, r := range slow {
			r.pace.Store(stopped + int32(i%2))
		}
		time.Sleep(busy)
		h.phase.Store(-1)
		for _, r := range slow {
			r.pace.Store(reads)
		}
		time.Sleep(2 * time.Second) // they reconnect
	}
	stop()
	time.Sleep(time.Second) // the last messages arrive
	peak := s.peak()
	h.end(p)
	h.judge(slow, idle, peak, bound<<10)
}

// fill connects the readers and returns the slow ones.
func (h *readersRoom) fill(people int) (slow []*reader) {
	for i := range people {
		r := &reader{room: h, slow: i%100 < 2}
		h.readers = append(h.readers, r)
		if r.slow {
			slow = append(slow, r)
		}
		h.all.Go(func() {
			if err := r.run(); err != nil {
				h.t.Errorf("reader %d: %v", i, err)
			}
		})
		if i%20 == 0 { // a few at a time, because of the listener's backlog
			eventually(h.t, "readers join", func() bool { return int(h.in.Load()) > i-40 })
		}
	}
	eventually(h.t, "all readers are in", func() bool { return int(h.in.Load()) == people })
	return slow
}

// end closes all connections and waits for the readers.
func (h *readersRoom) end(publisher *peer) {
	h.over.Store(true)
	_ = publisher.conn.Close()
	for _, r := range h.readers {
		_ = r.peer.Load().conn.Close()
	}
	h.all.Wait()
}

// judge checks the results. Idle, peak and bound are in KiB.
func (h *readersRoom) judge(slow []*reader, idle, peak, bound int) {
	index := map[uint64]int{}
	for i, offset := range h.order {
		index[offset] = i
	}
	var took [2][]delivery
	for i, r := range h.readers {
		if err := r.check(index); err != nil {
			h.t.Errorf("reader %d (slow: %v): %v", i, r.slow, err)
		}
		if !r.slow {
			took[0], took[1] = append(took[0], r.took[0]...), append(took[1], r.took[1]...)
		}
	}
	normal, beside := p99(took[0]), p99(took[1])
	back, whole := 0, 0
	for _, r := range slow {
		back, whole = back+r.back, whole+r.whole
	}
	h.t.Logf("%d readers, %d of them slow; p99 (of the median second) of the others %v, beside slow ones %v (%d and %d deliveries)",
		len(h.readers), len(slow), normal, beside, len(took[0]), len(took[1]))
	allowed := idle + len(slow)*bound
	if testing.Short() {
		allowed += 8 << 10 // with two slow readers the bounds are smaller than the variation of the garbage
	}
	h.t.Logf("memory: idle %d KiB, peak %d KiB, of %d allowed", idle, peak, allowed)
	h.t.Logf("slow readers came back %d times, %d of them with every message", back, whole)
	if beside > 3*normal {
		h.t.Errorf("p99 %v beside slow readers, %v without", beside, normal)
	}
	if peak > allowed {
		h.t.Errorf("peak %d KiB is above idle %d KiB and %d bounds of %d KiB", peak, idle, len(slow), bound)
	}
	if back < len(slow)/2 || whole < back {
		h.t.Errorf("%d of %d slow readers came back, %d with every message", back, len(slow), whole)
	}
}

// p99 is that of the median second, so that other work of the machine in some seconds does not matter.
func p99(all []delivery) time.Duration {
	seconds := map[int64][]time.Duration{}
	for _, d := range all {
		seconds[d.second] = append(seconds[d.second], d.took)
	}
	var each []time.Duration
	for _, took := range seconds {
		slices.Sort(took)
		each = append(each, took[len(took)*99/100])
	}
	slices.Sort(each)
	if len(each) == 0 {
		return 0
	}
	return each[len(each)/2]
}
