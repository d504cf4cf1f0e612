package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// deliver hands a loop the events of one turn of a shard, as one batch. It runs on the shard.
func (e *Edge) deliver(i int, events []room.Event) {
	l := e.loops[i]
	b := l.out.NewBatch()
	for k := range events {
		switch ev := &events[k]; ev.Kind {
		case room.Broadcast:
			b.Publish(topic(ev.Room, ev.Watchers), ev.Buffer.(*netpoll.Buffer))
		case room.Reply:
			l.answer(b, ev.Answer)
		case room.Insufficient:
			l.insufficient(b, ev.Answer)
		}
	}
	l.out.Post(b)
}

// topic is the name of a room's members on a loop, or of those who watch it.
func topic(name string, watchers bool) string {
	if watchers {
		return "\x00" + name
	}
	return name
}

// answer turns a room's answer into the reply to its command.
func (l *loop) answer(b *netpoll.Batch, a *room.Answer) {
	h, t := netpoll.Handle(a.Member.Conn), token(a.Token)
	switch {
	case a.Op == room.Join && a.Err == nil:
		l.joined(b, h, a)
	case a.Op == room.Join:
		b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).refused(a.Room, t) })
		b.Send(h, encodeError(t.id(), a.Err))
		l.counters.errors.Add(1)
	case a.Op == room.Leave:
		l.left(b, h, a)
	case a.Err != nil:
		b.Send(h, encodeError(t.id(), a.Err))
		l.counters.errors.Add(1)
	default:
		b.Send(h, encodeAnswer(a))
	}
}

// joined makes the connection a member of the room's topic: the reply goes first, and then every later broadcast.
func (l *loop) joined(b *netpoll.Batch, h netpoll.Handle, a *room.Answer) {
	t, name := token(a.Token), a.Room
	b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).confirm(name, t) })
	b.Subscribe(h, name, encodeSubscribe(a))
	if t.watch() {
		b.Subscribe(h, topic(name, true), nil)
	}
}

// left ends the membership in the topics. After the close of a connection there is nobody to answer.
func (l *loop) left(b *netpoll.Batch, h netpoll.Handle, a *room.Answer) {
	t := token(a.Token)
	if t.id() == 0 {
		return
	}
	if t.watch() {
		b.Unsubscribe(h, topic(a.Room, true), nil)
	}
	b.Unsubscribe(h, a.Room, encodeLeft(t.id()))
}

// insufficient takes a member out whose room lost messages it cannot repair: the SDK subscribes again and recovers.
func (l *loop) insufficient(b *netpoll.Batch, a *room.Answer) {
	h, name := netpoll.Handle(a.Member.Conn), a.Room
	b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).expelled(name) })
	b.Unsubscribe(h, topic(name, true), nil)
	b.Unsubscribe(h, name, encodeUnsubscribe(name, protocol.UnsubscribeInsufficientState))
	l.counters.insufficient.Add(1)
}

// confirm marks a membership as joined. It may be gone: then its leave is on the way.
func (s *session) confirm(name string, t token) {
	if m := s.find(name); m != nil && m.serial == t.serial() {
		m.joined = true
	}
}

// refused removes a membership whose join was refused, but not a newer one of the same room.
func (s *session) refused(name string, t token) {
	if m := s.find(name); m != nil && m.serial == t.serial() {
		s.remove(m)
	}
}

// expelled removes a membership that the room has ended. One that is not joined yet is newer than that.
func (s *session) expelled(name string) {
	if m := s.find(name); m != nil && m.joined {
		s.remove(m)
	}
}
