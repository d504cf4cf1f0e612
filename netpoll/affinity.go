//go:build !windows

package netpoll

import (
	"hash/maphash"
	"slices"
)

// Connections that have to do with one another are best on one loop: a message to a topic whose members are all there
// goes by no other loop's mailbox and wakes nobody else (figures: docs/decisions/15-affinity.md). Which ones those are is known
// when the upgrade request has been read. That is when a connection may change its loop, once: nothing of the
// application knows it yet, and nobody has its handle.

// How much more than its share of all connections a loop takes for the sake of nearness: an eighth, and a few where an
// eighth is nothing. So one topic that everybody is in still spreads over all loops.
const (
	affinityShare = 8
	affinitySlack = 64
)

// home is the loop for a connection of l that wants to be near key: the same one for each key, unless that is full.
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

// move gives c, whose request was accepted, to another loop, which opens it, with what has been read behind the request.
// It reports false when c has to stay. The next owner of c is stored last: from then on nothing of it is l's.
func (l *Loop) migrate(c *Conn, to *Loop, a acceptedRequest, rest []byte) bool {
	if c.flags != 0 || c.out != nil || !l.packTLS(c) || l.poller.Delete(int(c.fd)) != nil {
		return false
	}
	h, waited := c.Handle(), c.waitKind()
	a, rest = a.clone(), slices.Clone(rest)
	l.held.Add(-1)
	to.held.Add(1)
	c.loop, c.timer, c.phase = to, 0, phaseMigrating
	c.owner.Store(uint64(makeOwner(h.gen(), to.index)))
	l.refreshOldest(waited)
	to.Do(func() { to.attachMigrated(h, a, rest) })
	return true
}

// attachMigrated opens a connection that another loop has given. The server may have begun to close it on the way, or all of
// them, when it was neither the other loop's any more nor this one's yet.
func (l *Loop) attachMigrated(h Handle, a acceptedRequest, rest []byte) {
	c := l.lookup(h)
	if c == nil {
		return
	}
	defer l.recoverPanic(c.Handle())
	c.heard = l.wheel.now // the other loop's clock is another one
	if err := l.attach(c); err != nil {
		c.fail(err)
		return
	}
	switch {
	case !c.migrating():
		return
	case l.server.stoppedAccepting.Load():
		l.startLinger(c)
		return
	}
	l.enter(c, phaseHeader)
	l.openAccepted(c, a)
	l.frames(c, rest)
	if c.tls != nil {
		l.decrypt(c, c.tls.wire.in)
	}
}
