//go:build !windows

package netpoll

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// parcel is a descriptor with the state of its connection, while no loop has it. A loop gets every connection by take,
// and loses every connection by give: one that was accepted or dialed, one that changes its loop, one that goes to
// net/http, and one that ends.
type parcel struct {
	fd       int
	endpoint uint8
	narrow   bool // flagNarrow
	dec      frame.Decoder
	tls      *tlsSession // with the ciphertext that has been read and not been decrypted
	in       []byte      // plaintext that has been read and not been handled
	owed     [][]byte    // plaintext that has not been sent
	context  any
	addr     connAddr // the address that the connection counts for
	started  uint32   // Conn.started
}

// take makes the descriptor of p a connection of l in phaseFree. The caller enters a phase and registers the descriptor
// with the poller; until then the poller reports nothing. take returns nil for a descriptor beyond the slab.
func (l *Loop) take(p parcel) *Conn {
	c := l.engine.slab.slot(p.fd)
	if c == nil {
		return nil
	}
	gen := max(1, owner(c.owner.Load()).gen()+1)
	c.loop, c.fd, c.endpoint = l, int32(p.fd), p.endpoint
	c.dec, c.tls, c.context, c.started = p.dec, p.tls, p.context, p.started
	if p.narrow {
		c.set(flagNarrow)
	}
	if v := l.engine.ipLimiter; v != nil {
		v.put(c.fd, p.addr)
	}
	c.heard = l.wheel.now // each loop has its own clock of ticks
	c.owner.Store(uint64(makeOwner(gen, l.index)))
	l.held.Add(1)
	for _, b := range p.owed {
		l.queueBytes(c, b)
	}
	return c
}

// give clears the slot of c and returns what goes along with the descriptor. The descriptor stays open. The caller has
// removed it from the poller, or closes it. What belongs to the phase of c ends: a request in parts, a handshake, a dial.
// The generation of the slot stays, so that old handles stay invalid.
func (l *Loop) give(c *Conn) parcel {
	p := parcel{
		fd: int(c.fd), endpoint: c.endpoint, narrow: c.has(flagNarrow),
		dec: c.dec, tls: c.tls, context: c.context, started: c.started,
	}
	if c.out != nil && !c.has(flagDead) {
		c.out.closeTail() // another connection gets the outbox
		p.owed = c.out.vector(nil, len(c.out.chunks))
	}
	if v := l.engine.ipLimiter; v != nil {
		p.addr = v.take(c.fd)
	}
	if c.has(flagDirty) {
		i := slices.Index(l.dirty, c)
		l.dirty = slices.Delete(l.dirty, i, i+1)
	}
	gen, waited := owner(c.owner.Load()).gen(), c.waitKind()
	if c.tls != nil && c.tls.handshake != nil {
		c.tls.handshake.cancel()
	}
	if c.aux != nil && c.aux.dial != nil {
		c.aux.dial.stop()
	}
	if leave := c.row().leave; leave != nil {
		leave(l, c)
	}
	l.engine.headers.release(c.takeHeader())
	l.dropRemainder(c)
	l.timers.remove(c)
	l.undeny(c.fd)
	l.freeOutbox(c)
	c.loop, c.fd, c.phase, c.endpoint, c.flags = nil, 0, phaseFree, 0, 0
	c.dec = frame.Decoder{}
	c.tls, c.aux, c.context, c.topic, c.topics = nil, nil, nil, nil, nil
	c.heard, c.due, c.timer, c.partial, c.controls, c.started = 0, 0, 0, 0, 0, 0
	c.owner.Store(uint64(makeOwner(gen, -1)))
	l.held.Add(-1)
	l.refreshOldest(waited)
	return p
}

// discard closes the descriptor of a connection that no loop has. close(2) is the last step.
func (e *engine) discard(p parcel) {
	e.releaseAddr(p.addr)
	_ = unix.Close(p.fd)
	e.removeConn()
}

// sendTo has another loop take p: f runs there. The connection counts for that loop at once. A closed engine takes
// nothing: the lock ensures that f is queued before the end of the loop or not at all, so that no descriptor gets lost.
func (e *engine) sendTo(to *Loop, p parcel, f func(p parcel)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == stateClosed {
		e.discard(p)
		return
	}
	to.held.Add(1)
	to.Do(func() {
		to.held.Add(-1)
		f(p)
	})
}
