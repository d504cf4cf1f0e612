//go:build !windows

package netpoll

import (
	"hash/maphash"
	"slices"
)

// Connections of one room are best on one loop: a message to a topic whose members are all there goes through no other
// loop's mailbox and wakes no other loop (figures: docs/decisions/15-affinity.md). The room is known when the upgrade
// request has been read. Only then may a connection change its loop, once: the application has not seen it yet, and no
// handle of it exists.

// A loop takes connections by affinity until it has an eighth, and affinitySlack, more than its share. So the members
// of a topic of all connections still spread over all loops.
const (
	affinityShare = 8
	affinitySlack = 64
)

// affinityLoop returns the loop for a connection of l with the key: the same one for each key, unless that loop is
// full.
func (l *Loop) affinityLoop(key string) *Loop {
	s := l.server
	if key == "" || len(s.engine.loops) == 1 || s.stoppedAccepting.Load() {
		return l
	}
	to := s.engine.loops[maphash.String(s.affinitySeed, key)%uint64(len(s.engine.loops))]
	if share := s.engine.conns.Load() / int64(len(s.engine.loops)); to.held.Load() > share+share/affinityShare+affinitySlack {
		return l
	}
	return to
}

// migrate sends c, whose request was accepted, to another loop, which opens it. rest holds the bytes that were read
// behind the request. migrate returns false when c has to stay.
func (l *Loop) migrate(c *Conn, to *Loop, a acceptedRequest, rest []byte) bool {
	if c.flags != 0 || c.out != nil || !l.packTLS(c) || l.poller.Delete(int(c.fd)) != nil {
		return false
	}
	p := l.give(c)
	a, p.in = a.clone(), slices.Clone(rest)
	l.engine.sendTo(to, p, func(p parcel) { to.openMigrated(p, a) })
	return true
}

// openMigrated opens a connection that another loop has sent. A server that has stopped accepting may have closed its
// connections meanwhile, so it closes this one.
func (l *Loop) openMigrated(p parcel, a acceptedRequest) {
	c := l.take(p)
	defer l.recoverPanic(c.Handle())
	l.enter(c, phaseHeader)
	if err := l.attach(c); err != nil {
		c.fail(err)
		return
	}
	if l.server.stoppedAccepting.Load() {
		l.startLinger(c)
		return
	}
	l.openAccepted(c, a)
	l.frames(c, p.in)
	if c.tls != nil {
		l.decrypt(c, c.tls.wire.in)
	}
}
