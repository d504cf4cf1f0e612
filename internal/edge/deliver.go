package edge

import (
	"strings"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// deliverySize bounds the bytes of replies in one batch, since only a posted batch counts against the loop's mailbox.
const deliverySize = 1 << 20

// delivery is what a shard posts to a loop in one turn: one batch, or several if its replies are long.
type delivery struct {
	*loop
	b     *netpoll.Batch
	bytes int // of replies in b

	timed bool   // now is set
	now   uint64 // see observeEncode
}

// deliver posts the events of one turn of a shard to a loop. It runs on the shard.
func (e *Edge) deliver(i int, events []room.Event) {
	d := delivery{loop: e.loops[i], b: e.loops[i].out.NewBatch()}
	for k := range events {
		switch ev := &events[k]; ev.Kind {
		case room.Broadcast:
			d.b.Publish(topic(ev.Room, ev.Form, ev.Watchers), ev.Buffer.(*netpoll.Buffer))
		case room.Reply:
			d.reply(ev.Answer)
		case room.Insufficient:
			d.endMembership(ev.Answer)
		}
		if d.bytes > deliverySize {
			d.out.Post(d.b)
			d.b, d.bytes = d.out.NewBatch(), 0
		}
	}
	d.out.Post(d.b)
}

// topicPrefixes distinguish the topics of a room. No channel begins with NUL: the codecs refuse it in names.
var topicPrefixes = [room.Forms][2]string{{"", "\x00\x01"}, {"\x00\x02", "\x00\x03"}}

// topic is the name of the topic of a room's members of one form on a loop, or of those of them that receive its joins and
// leaves.
func topic(name string, f room.Form, watchers bool) string {
	if watchers {
		return topicPrefixes[f][1] + name
	}
	return topicPrefixes[f][0] + name
}

// roomOf returns the room of a topic.
func roomOf(topic string) string {
	if strings.HasPrefix(topic, "\x00") {
		return topic[2:]
	}
	return topic
}

// reply delivers a room's answer as the reply to its command.
func (d *delivery) reply(a *room.Answer) {
	h, t := netpoll.Handle(a.Member.Conn), token(a.Token)
	d.observeEncode(a)
	switch {
	case a.Op == room.Leave:
		d.replyLeave(h, a)
	case a.Err != nil:
		d.replyError(h, a, a.Err)
	case unbounded(a) && d.edge.busy(d.index):
		d.replyBusy(h, a)
	case a.Op == room.Join:
		d.replyJoin(h, a)
	case a.Op == room.Publish:
		d.b.SendWithNext(h, topic(a.Room, a.Member.Form, false), d.count(encodeReply(a))) // in one system call with the message itself, if h is a member
	default:
		d.b.Send(h, d.count(encodeReply(a)))
	}
	if t.bulk() {
		d.b.Call(h, answered)
	}
}

// unbounded reports whether the reply contains a list.
func unbounded(a *room.Answer) bool { return len(a.Publications) > 0 || len(a.Presence) > 0 }

func (d *delivery) count(buf *netpoll.Buffer) *netpoll.Buffer {
	if buf != nil {
		d.bytes += buf.Len()
	}
	return buf
}

// replyError sends an error. A refused join is removed from the session first, so that the client can try again at once. A
// client that has the reply to its join already gets an unsubscribe instead.
func (d *delivery) replyError(h netpoll.Handle, a *room.Answer, err error) {
	t, name := token(a.Token), a.Room
	switch {
	case t.page():
		d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).failRecovery(c, name, t) })
		return
	case a.Op == room.Join:
		d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).removeRefused(name, t) })
	}
	e := roomError(err)
	d.b.Send(h, encodeError(a, e))
	d.counters.refused(e.Code)
	d.edge.logRefused(a.Member.Info, commandName(a.Op), e)
}

// replyBusy refuses an answer for which the loop's mailbox has no space, before it is encoded. A join is undone.
func (d *delivery) replyBusy(h netpoll.Handle, a *room.Answer) {
	if a.Op == room.Join {
		_ = d.edge.hub.Submit(room.Command{Op: room.Leave, Room: a.Room, Member: a.Member})
	}
	d.replyError(h, a, room.ErrBusy)
}

// replyJoin makes the connection a member of the room's topic: the reply is sent first, and then every later broadcast.
// While a recovery has more pages, it only sends the page; the next one is requested when that has been sent.
func (d *delivery) replyJoin(h netpoll.Handle, a *room.Answer) {
	t, name, first := token(a.Token), a.Room, d.count(encodeJoinReply(a))
	d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).markJoined(name, t) })
	if a.More {
		at := a.Position
		if first != nil {
			d.b.Send(h, first)
		}
		d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).requestPage(name, t, at) })
		return
	}
	d.b.Subscribe(h, topic(name, a.Member.Form, false), first)
	if t.watch() {
		d.b.Subscribe(h, topic(name, a.Member.Form, true), nil)
	}
}

// replyLeave ends the membership in the topics. A leave without an id is of a connection that has closed.
func (d *delivery) replyLeave(h netpoll.Handle, a *room.Answer) {
	t := token(a.Token)
	if t.id() == 0 {
		return
	}
	if t.watch() {
		d.b.Unsubscribe(h, topic(a.Room, a.Member.Form, true), nil)
	}
	d.b.Unsubscribe(h, topic(a.Room, a.Member.Form, false), encodeLeaveReply(a))
}

// endMembership unsubscribes a member of a room that has lost messages. The SDK subscribes again and recovers.
func (d *delivery) endMembership(a *room.Answer) {
	h, name := netpoll.Handle(a.Member.Conn), a.Room
	d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).removeJoined(name) })
	d.b.Unsubscribe(h, topic(name, a.Member.Form, true), nil)
	d.b.Unsubscribe(h, topic(name, a.Member.Form, false), encodeUnsubscribe(a, protocol.UnsubscribeInsufficientState))
	d.counters.insufficient.Add(1)
}

// failRecovery ends a membership in the middle of its recovery. The SDK subscribes again from the position that it has
// reached, and recovers from there or is told that it cannot.
func (s *session) failRecovery(c *netpoll.Conn, name string, t token) {
	m := s.membershipOf(name, t)
	if m == nil {
		return
	}
	s.remove(m)
	s.loop.counters.insufficient.Add(1)
	s.send(c, s.codec().AppendUnsubscribe(s.loop.reply, name, protocol.UnsubscribeInsufficientState))
}
