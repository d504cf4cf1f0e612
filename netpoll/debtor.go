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
	idle   time.Duration // since its peer last took something, while there is something for it to take
	credit int           // times that its peer has taken as much as depth
	weight uint64
}

// debtor tells what c's backlog means for the memory of all.
func (l *Loop) debtor(c *Conn) debtor {
	d := debtor{conn: c, depth: c.depth()}
	d.idle = time.Duration(l.wheel.now-c.out.since) * l.engine.Tick
	if d.depth >= shedGrace {
		if k, ok := deliveryOf(int(c.fd)); ok {
			d.idle = k.ago
			if !k.owes {
				d.idle = 0 // the loop has not come round to give the kernel more
			}
			d.credit = int(min(k.acked/uint64(d.depth), maxShedCredit))
		}
	}
	// All that have been idle for less than their patience are equally idle: no more can be told from so short a time.
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
