//go:build !windows

package netpoll

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// debtor is a connection with a backlog.
type debtor struct {
	conn   *Conn
	depth  int
	idle   time.Duration // since its peer last took bytes, while the kernel has bytes for it
	credit int           // times that its peer has taken as many bytes as depth
	weight uint64
}

// debtor returns the figures of c's backlog by which connections are chosen to be closed.
func (l *Loop) debtor(c *Conn) debtor {
	d := debtor{conn: c, depth: c.depth()}
	d.idle = time.Duration(l.wheel.now-c.out.since) * l.engine.Tick
	if d.depth >= shedGrace {
		if k, ok := deliveryOf(int(c.fd)); ok {
			d.idle = k.ago
			if !k.owes {
				d.idle = 0 // the peer has taken everything that the kernel had: the loop is late with more
			}
			d.credit = int(min(k.acked/uint64(d.depth), maxShedCredit))
		}
	}
	// Idle times below shedStall count as equal: they are too short to tell which peer has stalled.
	idle := max(d.idle, l.engine.shedStall) / time.Millisecond
	d.weight = uint64(d.depth) * uint64(idle) / uint64(1+d.credit)
	return d
}

// debtors lists the connections whose weight is of a class or above, the heaviest first, among equal ones those first
// whose peers have taken nothing for longest.
func (l *Loop) debtors(class int) (all []debtor) {
	for _, c := range l.owing {
		if !c.open() && !c.ending() || c.has(flagDead) {
			continue
		}
		if d := l.debtor(c); weightClass(d.weight) >= class {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b debtor) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.idle, a.idle))
	})
	return all
}

// weightClass is the power of two of a weight.
func weightClass(weight uint64) int { return min(bits.Len64(weight), weightClasses-1) }

const weightClasses = 64

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
