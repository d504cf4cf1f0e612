//go:build !windows

package netpoll

import "slices"

// Messages that may be dropped (Buffer.Droppable). Only the slow list knows of them: a walk
// over the fast lists is the same with and without.
//
// They have half of MaxBacklog; the other half is for what must arrive, as replies. A member
// that is over its half misses every droppable message until its backlog has drained, so that
// it has one gap with a place in the order, not a message here and there. What is dropped is
// whole messages: nothing that was queued is taken back.

// drop is what a connection missed of a topic.
type drop struct {
	topic string
	n     int
}

// sort notes which of the walk's messages may be dropped.
func (w *walk) sort(pending []*Buffer) {
	for _, b := range pending {
		if b.drops {
			w.drops++
		}
	}
	if w.drops == 0 || w.drops == len(pending) {
		return
	}
	for _, b := range pending {
		if !b.drops {
			w.kept = append(w.kept, b)
		}
	}
}

// behind reports whether c is to miss droppable messages of n bytes.
func (l *Loop) behind(c *Conn, n int) bool {
	if c.has(flagDrops) {
		return true
	}
	return c.out != nil && c.out.size > 0 && c.out.size+n > l.endpointOf(c).MaxBacklog/2
}

// drop counts the messages of t's walk that c, being behind, is not to get, and queues the
// others. It reports false when c gets the whole walk.
func (l *Loop) drop(t *topic, c *Conn) bool {
	w := &t.walk
	if w.drops == 0 || !l.behind(c, len(w.bytes[formPlain])) {
		return false
	}
	c.missed(t, w.drops)
	w.missed += w.drops
	for _, b := range w.kept {
		l.queueBytes(c, c.formOf(b))
	}
	return true
}

// give queues one message of t for c, unless it is to be dropped.
func (l *Loop) give(t *topic, c *Conn, b *Buffer) {
	if b.drops && l.behind(c, b.Len()) {
		c.missed(t, 1)
		return
	}
	l.counters.messagesOut.n++
	l.queueBytes(c, c.formOf(b))
}

func (c *Conn) missed(t *topic, n int) {
	c.set(flagDrops)
	c.loop.counters.dropped.Add(int64(n))
	r := c.rare()
	i := slices.IndexFunc(r.drops, func(d drop) bool { return d.topic == t.name })
	if i < 0 {
		r.drops = append(r.drops, drop{topic: t.name})
		i = len(r.drops) - 1
	}
	r.drops[i].n += n
}

// tellDropped tells the application what c missed, of one topic or (nil) of all, and forgets it.
func (l *Loop) tellDropped(c *Conn, only *topic) {
	if c.aux == nil || len(c.aux.drops) == 0 {
		return
	}
	drops := c.aux.drops
	c.aux.drops = nil
	for _, d := range drops {
		if only != nil && d.topic != only.name {
			c.aux.drops = append(c.aux.drops, d)
		} else if e := l.endpointOf(c); e.OnDropped != nil && c.phase == phaseOpen {
			l.dropped(c, e, d)
		}
	}
}

func (l *Loop) dropped(c *Conn, e *Endpoint, d drop) {
	defer l.recoverPanic(c.Handle())
	e.OnDropped(c, d.topic, d.n)
}
