//go:build !windows

package netpoll

import "slices"

// Droppable messages (Buffer.Droppable). They concern the slow list only: a broadcast to the fast lists is the same with
// and without.
//
// They may fill half of MaxBacklog; the other half is for messages that must arrive, such as replies. A member over
// that half misses every droppable message until its backlog has drained. So it has one gap at one place in the order,
// and not a message missing here and there. Only whole messages that have not been queued are dropped.

// missed counts the messages of a topic that were dropped for a connection.
type missed struct {
	topic string
	n     int
}

// separateDroppable counts the droppable messages of the broadcast, and lists the others if it has both kinds.
func (bc *broadcast) separateDroppable(pending []*Buffer) {
	for _, b := range pending {
		if b.drops {
			bc.droppable++
		}
	}
	if bc.droppable == 0 || bc.droppable == len(pending) {
		return
	}
	for _, b := range pending {
		if !b.drops {
			bc.kept = append(bc.kept, b)
		}
	}
}

// drops reports whether droppable messages of n bytes are to be dropped for c.
func (f *fanout) drops(c *Conn, n int) bool {
	if c.has(flagDrops) {
		return true
	}
	return c.out != nil && c.out.size > 0 && c.out.size+n > f.loop.endpointOf(c).MaxBacklog/2
}

// skipDroppable queues only the messages of t's broadcast that c must get, and counts the others as dropped. It reports
// false if c is to get the whole broadcast.
func (f *fanout) skipDroppable(t *topic, c *Conn) bool {
	bc := &t.current
	if bc.droppable == 0 || !f.drops(c, len(bc.bytes[formPlain])) {
		return false
	}
	c.countMissed(t, bc.droppable)
	bc.dropped += bc.droppable
	for _, b := range bc.kept {
		f.loop.queueBytes(c, c.formOf(b))
	}
	return true
}

// queueMessage queues one message of t for c, unless it is to be dropped.
func (f *fanout) queueMessage(t *topic, c *Conn, b *Buffer) {
	if b.drops && f.drops(c, b.Len()) {
		c.countMissed(t, 1)
		return
	}
	f.loop.counters.messagesOut.n++
	f.loop.queueBytes(c, c.formOf(b))
}

func (c *Conn) countMissed(t *topic, n int) {
	c.set(flagDrops)
	c.loop.counters.dropped.Add(int64(n))
	r := c.rare()
	i := slices.IndexFunc(r.missed, func(m missed) bool { return m.topic == t.name })
	if i < 0 {
		r.missed = append(r.missed, missed{topic: t.name})
		i = len(r.missed) - 1
	}
	r.missed[i].n += n
}

// notifyDropped calls OnDropped with the number of messages that c missed, of one topic or (nil) of all, and resets it.
func (f *fanout) notifyDropped(c *Conn, only *topic) {
	if c.aux == nil || len(c.aux.missed) == 0 {
		return
	}
	all := c.aux.missed
	c.aux.missed = nil
	for _, m := range all {
		if only != nil && m.topic != only.name {
			c.aux.missed = append(c.aux.missed, m)
		} else if e := f.loop.endpointOf(c); e.OnDropped != nil && c.open() {
			f.callOnDropped(c, e, m)
		}
	}
}

func (f *fanout) callOnDropped(c *Conn, e *Endpoint, m missed) {
	defer f.loop.recoverPanic(c.Handle())
	e.OnDropped(c, m.topic, m.n)
}
