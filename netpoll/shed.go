//go:build !windows

package netpoll

import (
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/queue"
	"golang.org/x/sys/unix"
)

// MaxBacklog times the number of connections is more memory than there is. So all backlogs together have a bound,
// Server.MaxBacklogMemory:
//
//   - Above half of it stalled connections are closed. A peer stalls when the kernel has bytes for it and it has
//     acknowledged none of them for longer than its patience, or when it has not taken everything for shedAge. Each loop
//     looks at its own connections.
//   - At the bound connections are closed by their weight, the heaviest of all loops first, until an eighth of the bound
//     is free. No loop may look at the connections of another: each counts the memory of its own by weight, the last one
//     to do so decides from which weight on connections are closed, and each closes its own.
//
// The weight of a connection is its depth, times the time for which its peer has taken nothing. Its depth is the memory
// that closing it frees: its own bytes, and its part of the bytes that it shares with others. A peer that has taken a lot
// since it connected is likely to go on: for each time that it has taken as much as its depth it gets more patience, and
// its weight is less. A peer that never read anything has none of that credit.

const (
	defaultShedStall = 500 * time.Millisecond // the patience without credit
	maxShedCredit    = 9                      // so the patience is ten times as long at most
	shedAge          = 10 * time.Second
	shedPause        = 50 * time.Millisecond // between two looks of a loop at its stalled connections, at least
	shedShare        = 20                    // a loop spends one part in so many of its time on them, at most
	// shedGrace is the bytes of a message that has begun to leave, up to which the close frame waits for its end. The
	// memory of a longer one is needed now: the connection is reset. Below this depth the kernel is not asked about a
	// connection.
	shedGrace = 16 << 10
)

// BacklogMemory returns the memory of the backlogs of all connections (see Stats). Any goroutine may call it.
func (s *Server) BacklogMemory() int64 { return s.engine.backlogMemory() }

func (e *engine) backlogMemory() (sum int64) {
	for _, l := range e.loops {
		sum += l.counters.memory.Load()
	}
	return sum
}

// Pressed reports whether the backlogs of all connections took more than half of MaxBacklogMemory when the loop looked
// last. Only callbacks on the loop may call it.
func (l *Loop) Pressed() bool { return l.pressed }

// relieve closes connections if all backlogs together need it, and reports whether it did. It runs at the end of a turn
// in which they have grown, and of every turn while more than half of the bound is used.
func (l *Loop) relieve() (closed bool) {
	l.grown = false
	limit := l.engine.maxBacklogMemory
	sum := l.engine.backlogMemory()
	if l.pressed = limit > 0 && sum > limit/2; !l.pressed {
		return false
	}
	if sum > limit {
		l.engine.shed(sum - limit*7/8)
	}
	now := l.engine.clock()
	if now < l.relieveAt {
		return false
	}
	own := float64(l.counters.memory.Load()) / float64(sum)
	closed = l.closeStalled(int64(own * float64(sum-limit*3/8)))
	took := l.engine.clock() - now
	l.relieveAt = now + took + max(shedPause, took*shedShare)
	return closed
}

// closeStalled closes stalled connections, the heaviest first, until they have freed so many bytes.
func (l *Loop) closeStalled(need int64) (closed bool) {
	late := l.currentLag()
	for _, d := range l.debtors(0) {
		if need <= 0 {
			break
		}
		if d.depth >= shedGrace && l.stalled(d, late) { // closing those with little frees little
			need -= int64(d.depth)
			l.shedConn(d.conn)
			closed = true
		}
	}
	return closed
}

// stalled reports whether d's peer takes nothing, or takes too long for all of it. A loop that is late learns late of a
// peer's progress, so the peer has that much more time. A connection that is being closed counts as stalled.
func (l *Loop) stalled(d debtor, late time.Duration) bool {
	patience := l.engine.shedStall * time.Duration(1+d.credit)
	return d.conn.ending() || d.idle >= patience+late || l.wheel.now-d.conn.out.began >= l.engine.ticksOf(shedAge)
}

// shedConn closes c for the memory of its backlog. A peer that takes the message in progress to its end gets the close
// frame.
func (l *Loop) shedConn(c *Conn) {
	e := l.endpointOf(c)
	if c.open() {
		l.counters.limits.maxBacklogMemory.Add(1)
		c.out.cutFrame(shedGrace)
		c.startClose(e.SlowCode, "slow", ErrSlow)
	}
	if c.depth() > shedGrace {
		l.reset(c)
		return
	}
	l.owes(c)
}

// reset closes c and discards its bytes in the kernel, which would otherwise try for minutes to send them.
func (l *Loop) reset(c *Conn) {
	_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	c.fail(ErrSlow)
	l.freeOutbox(c)
}

// shedding is one round in which all loops weigh their connections and close the heaviest.
type shedding struct {
	need  int64                       // bytes to be given back
	have  [weightClasses]atomic.Int64 // bytes by class of weight
	left  atomic.Int32                // loops that have not counted, then that have not closed
	class int                         // connections from it on are closed,
	part  float64                     // of the class itself so many of the bytes
}

// shed begins to close the heaviest connections of all loops, unless that is under way.
func (e *engine) shed(need int64) {
	sh := &shedding{need: need}
	sh.left.Store(int32(len(e.loops)))
	if e.shedding.CompareAndSwap(nil, sh) {
		e.everyLoop(func(l *Loop) { l.weigh(sh) })
	}
}

// everyLoop runs f on every loop, ahead of the posted batches.
func (e *engine) everyLoop(f func(l *Loop)) {
	for _, l := range e.loops {
		_ = l.poller.Trigger(queue.HighPriority, func(any) error {
			f(l)
			l.endTurn()
			return nil
		}, nil)
	}
}

// weigh is a loop's part of the first step; the last loop decides and begins the second.
func (l *Loop) weigh(sh *shedding) {
	for _, d := range l.debtors(0) {
		sh.have[weightClass(d.weight)].Add(int64(d.depth))
	}
	if sh.left.Add(-1) == 0 {
		sh.decide()
		sh.left.Store(int32(len(l.engine.loops)))
		l.engine.everyLoop(func(l *Loop) { l.closeHeaviest(sh) })
	}
}

// decide finds the weight from which on connections are closed.
func (sh *shedding) decide() {
	need := sh.need
	for class := weightClasses - 1; class >= 0; class-- {
		have := sh.have[class].Load()
		if have >= need {
			sh.class, sh.part = class, float64(need)/float64(have)
			return
		}
		need -= have
	}
	sh.part = 1
}

// closeHeaviest is a loop's part of the second step.
func (l *Loop) closeHeaviest(sh *shedding) {
	all, have := l.debtors(sh.class), 0.0
	for _, d := range all {
		if weightClass(d.weight) == sh.class {
			have += float64(d.depth)
		}
	}
	need := have * sh.part
	for _, d := range all {
		if weightClass(d.weight) == sh.class {
			if need <= 0 {
				break
			}
			need -= float64(d.depth)
		}
		l.shedConn(d.conn)
	}
	if sh.left.Add(-1) == 0 {
		l.engine.shedding.Store(nil)
	}
}
