//go:build !windows

package netpoll

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/queue"
	"golang.org/x/sys/unix"
)

// What each connection may owe, times the number of connections, is more memory than there is. So all backlogs together
// have a bound, Server.MaxBacklogMemory:
//
//   - Above half of it a connection is closed, the deepest first, when its peer has taken nothing for half a second, or its
//     backlog is older than 10 s. Each loop looks at its own.
//   - At the bound the deepest of all loops are closed, until an eighth of it is free. No loop may look at the
//     connections of another: each counts how much its own have by depth, the last one to do so decides from which
//     depth on they go, and each closes its own.
//
// The depth of a connection is the memory that its end would give back: its own bytes, and of what it shares with others
// its part.

const (
	defaultShedStall = 500 * time.Millisecond
	shedAge          = 10 * time.Second
	shedPause        = 50 * time.Millisecond // between two looks of a loop at its stalled connections
	// shedGrace is the bytes of a message that has begun to leave, up to which the close frame waits for its end. The
	// memory of a longer one is needed now: the connection is reset.
	shedGrace = 16 << 10
)

// BacklogMemory is the memory of what all connections owe (see Stats). Any goroutine may call it.
func (s *Server) BacklogMemory() (sum int64) {
	for _, l := range s.loops {
		sum += l.tally.memory.Load()
	}
	return sum
}

// depth is the memory of c's backlog.
func (c *Conn) depth() int {
	n := c.out.own + c.ciphertext()
	for _, k := range c.out.chunks[c.out.head:] {
		if k.run != nil {
			n += len(k.bytes) / k.run.refs
		}
	}
	return n
}

// relieve closes connections if all backlogs together need it, and reports whether it did. It runs at the end of a turn
// in which they have grown, and of every turn while more than half of the bound is used.
func (l *Loop) relieve() bool {
	l.grown = false
	limit := l.server.MaxBacklogMemory
	sum := l.server.BacklogMemory()
	if l.pressed = limit > 0 && sum > limit/2; !l.pressed {
		return false
	}
	if sum > limit {
		l.server.shed(sum - limit*7/8)
	}
	now := l.server.clock()
	if now < l.relieved+shedPause {
		return false
	}
	l.relieved = now
	return l.closeStalled(sum - limit*3/8)
}

// closeStalled closes stalled connections, the deepest first, until they have given back so many bytes.
func (l *Loop) closeStalled(need int64) (closed bool) {
	for _, d := range l.deepest(0) {
		if need <= 0 || d.depth < shedGrace { // the end of those with little gives little back
			break
		}
		if c := d.conn; l.stalled(c) {
			need -= int64(d.depth)
			l.shedConn(c)
			closed = true
		}
	}
	return closed
}

// stalled reports whether c's peer takes nothing, or takes too long for all of it. A connection that is being closed
// has nothing more to wait for.
func (l *Loop) stalled(c *Conn) bool {
	if c.phase > phaseOpen || l.wheel.now-c.out.began >= l.server.ticksOf(shedAge) {
		return true
	}
	d, ok := deliveryOf(int(c.fd))
	if !ok {
		return l.wheel.now-c.out.since > l.server.ticksOf(l.server.shedStall)
	}
	return d.ago >= l.server.shedStall
}

// deep is a connection and its depth.
type deep struct {
	conn  *Conn
	depth int
}

// deepest lists the connections whose depth is of a class or above, the deepest first, among those of a class the ones
// first whose peers have taken nothing for longest.
func (l *Loop) deepest(class int) (all []deep) {
	for _, c := range l.owing {
		if d := c.depth(); c.phase >= phaseOpen && !c.has(flagDead) && depthClass(d) >= class {
			all = append(all, deep{c, d})
		}
	}
	slices.SortFunc(all, func(a, b deep) int {
		return cmp.Or(cmp.Compare(depthClass(b.depth), depthClass(a.depth)), cmp.Compare(a.conn.out.since, b.conn.out.since),
			cmp.Compare(b.depth, a.depth))
	})
	return all
}

// depthClass is the power of two of a depth.
func depthClass(depth int) int { return min(bits.Len(uint(depth)), depthClasses-1) }

const depthClasses = 40

// shedConn closes c for the memory of what it owes. A peer that takes its messages to the end reads why.
func (l *Loop) shedConn(c *Conn) {
	e := l.endpointOf(c)
	if c.phase == phaseOpen {
		l.tally.limits.maxBacklogMemory.Add(1)
		c.out.cutFrame(shedGrace)
		c.shut(e.SlowCode, "slow")
	}
	if c.depth() > shedGrace {
		l.reset(c)
		return
	}
	l.owes(c)
}

// reset gives c up with what is in the kernel, which would try for minutes to send it.
func (l *Loop) reset(c *Conn) {
	_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	c.fail("slow")
	l.freeOutbox(c)
}

// shedding is one look at the connections of all loops.
type shedding struct {
	need  int64                      // bytes to be given back
	have  [depthClasses]atomic.Int64 // bytes by depth
	left  atomic.Int32               // loops that have not counted, then that have not closed
	class int                        // connections from it on are closed,
	part  float64                    // of the class itself so many of the bytes
}

// shed begins to close the deepest connections of all loops, unless that is under way.
func (s *Server) shed(need int64) {
	sh := &shedding{need: need}
	sh.left.Store(int32(len(s.loops)))
	if s.shedding.CompareAndSwap(nil, sh) {
		s.everyLoop(func(l *Loop) { l.countDeep(sh) })
	}
}

// everyLoop runs f on every loop, ahead of what was posted.
func (s *Server) everyLoop(f func(l *Loop)) {
	for _, l := range s.loops {
		_ = l.poller.Trigger(queue.HighPriority, func(any) error {
			f(l)
			l.endTurn()
			return nil
		}, nil)
	}
}

// countDeep is a loop's part of the first step; the last loop decides and begins the second.
func (l *Loop) countDeep(sh *shedding) {
	for _, d := range l.deepest(0) {
		sh.have[depthClass(d.depth)].Add(int64(d.depth))
	}
	if sh.left.Add(-1) == 0 {
		sh.decide()
		sh.left.Store(int32(len(l.server.loops)))
		l.server.everyLoop(func(l *Loop) { l.closeDeep(sh) })
	}
}

// decide finds the depth from which on connections must go.
func (sh *shedding) decide() {
	need := sh.need
	for class := depthClasses - 1; class >= 0; class-- {
		have := sh.have[class].Load()
		if have >= need {
			sh.class, sh.part = class, float64(need)/float64(have)
			return
		}
		need -= have
	}
	sh.part = 1
}

// closeDeep is a loop's part of the second step.
func (l *Loop) closeDeep(sh *shedding) {
	all, have := l.deepest(sh.class), 0.0
	for _, d := range all {
		if depthClass(d.depth) == sh.class {
			have += float64(d.depth)
		}
	}
	need := have * sh.part
	for _, d := range all {
		if depthClass(d.depth) == sh.class {
			if need <= 0 {
				break
			}
			need -= float64(d.depth)
		}
		l.shedConn(d.conn)
	}
	if sh.left.Add(-1) == 0 {
		l.server.shedding.Store(nil)
	}
}
