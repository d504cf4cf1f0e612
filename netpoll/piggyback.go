//go:build !windows

package netpoll

import "slices"

// A member that publishes gets a reply and the message: two sends, one of eleven in a room of ten. So a reply can wait for
// the broadcast of the message, and both leave with one send (a piggybacked reply). In a topic with many members a
// broadcast takes long, so there replies wait only if there are many of them: otherwise they leave before it.

const (
	piggybackMembers = delayMembers // topics with up to so many members: always;
	piggybackShare   = 32           // larger ones: if there is a reply for one in so many members
)

// fdBits is a set of descriptors, a bit each.
type fdBits []uint64

func (m *fdBits) set(fd int32) {
	if n := int(fd)/64 + 1 - len(*m); n > 0 {
		*m = append(*m, make(fdBits, n)...)
	}
	(*m)[fd/64] |= 1 << (fd % 64)
}

// take removes fd and reports whether it was there.
func (m fdBits) take(fd int32) bool {
	i, bit := int(fd/64), uint64(1)<<(fd%64)
	if i >= len(m) || m[i]&bit == 0 {
		return false
	}
	m[i] &^= bit
	return true
}

// reply waits for the next broadcast of a topic of which handle is a member.
type reply struct {
	handle Handle
	buf    *Buffer
}

// SendWithNext sends buf to h, together with the next broadcast of topic if one is due: one system call instead of two. It
// may delay buf until that broadcast. The order of buf and of messages that were published to topic before it is not
// specified.
func (b *Batch) SendWithNext(h Handle, topic string, buf *Buffer) {
	b.add(op{kind: opSendWithNext, handle: h, name: topic, buf: buf})
}

// sendWithNext has b wait for the topic's next broadcast, or sends it.
func (f *fanout) sendWithNext(c *Conn, topic string, b *Buffer) {
	t := f.topics[topic]
	if t == nil || len(t.pending) == 0 || t.current.active || !c.memberOf(t) {
		c.SendBuffer(b)
		return
	}
	t.replies = append(t.replies, reply{c.Handle(), b})
}

// queueReplies queues the replies that wait for the broadcast which starts. Their connections have queued bytes from
// now on until sendSlice reaches them, and are marked in replyDue for that. Few replies in a topic of many members
// leave at once.
func (f *fanout) queueReplies(t *topic) {
	n := len(t.replies)
	piggyback := t.members() <= piggybackMembers || n*piggybackShare >= t.members()
	for _, r := range t.replies {
		c := f.loop.lookup(r.handle)
		if c == nil {
			continue
		}
		c.SendBuffer(r.buf)
		if piggyback {
			f.replyDue.set(c.fd)
		} else {
			f.loop.flush(c)
		}
	}
	clear(t.replies)
	t.replies = t.replies[:0]
}

// sendWithReply sends c, a fast member, its queued bytes and the broadcast. It reports false if c has no queued bytes.
func (f *fanout) sendWithReply(bc *broadcast, c *Conn) bool {
	if c.out == nil {
		return false
	}
	if !c.live() {
		return true
	}
	if b := bc.bytes[bc.list]; len(b) <= copyLimit {
		c.out.add(b)
	} else {
		c.out.addShared(bc.sharedRun(f.loop, c.form()))
	}
	f.loop.flush(c)
	return true
}

// sendReplies sends the replies that wait for c, which is about to leave t.
func (t *topic) sendReplies(c *Conn) {
	t.replies = slices.DeleteFunc(t.replies, func(r reply) bool {
		if r.handle != c.Handle() {
			return false
		}
		c.SendBuffer(r.buf)
		return true
	})
}
