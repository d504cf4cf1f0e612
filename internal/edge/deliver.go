package edge

import (
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// delivery is what a shard has for a loop in one turn: one batch, or a few when its replies are long.
type delivery struct {
	*loop
	b     *netpoll.Batch
	bytes int // of replies in b

	timed bool   // now is set
	now   uint64 // see encoded
}

// deliver hands a loop the events of one turn of a shard. It runs on the shard.
func (e *Edge) deliver(i int, events []room.Event) {
	d := delivery{loop: e.loops[i], b: e.loops[i].out.NewBatch()}
	for k := range events {
		switch ev := &events[k]; ev.Kind {
		case room.Broadcast:
			d.b.Publish(topic(ev.Room, ev.Watchers), ev.Buffer.(*netpoll.Buffer))
		case room.Reply:
			d.answer(ev.Answer)
		case room.Insufficient:
			d.insufficient(ev.Answer)
		}
		if d.bytes > deliverSize { // what is posted counts against the loop's bound, what is in hand does not
			d.out.Post(d.b)
			d.b, d.bytes = d.out.NewBatch(), 0
		}
	}
	d.out.Post(d.b)
}

// topic is the name of a room's members on a loop, or of those who watch it.
func topic(name string, watchers bool) string {
	if watchers {
		return "\x00" + name
	}
	return name
}

// answer turns a room's answer into the reply to its command.
func (d *delivery) answer(a *room.Answer) {
	h, t := netpoll.Handle(a.Member.Conn), token(a.Token)
	d.encoded(a)
	switch {
	case a.Op == room.Leave:
		d.left(h, a)
	case a.Err != nil:
		d.refused(h, a, a.Err)
	case long(a) && d.edge.busy(d.index):
		d.overloaded(h, a)
	case a.Op == room.Join:
		d.joined(h, a)
	case a.Op == room.Publish:
		d.b.SendWithNext(h, topic(a.Room, false), d.count(encodeReply(a))) // with the message itself, if h is a member
	default:
		d.b.Send(h, d.count(encodeReply(a)))
	}
	if t.bulk() {
		d.b.Call(h, answered)
	}
}

// long tells whether the reply may be of any size.
func long(a *room.Answer) bool { return len(a.Publications) > 0 || len(a.Presence) > 0 }

func (d *delivery) count(buf *netpoll.Buffer) *netpoll.Buffer {
	if buf != nil {
		d.bytes += buf.Len()
	}
	return buf
}

// refused tells the client what is wrong. Who was to join is no member: the session forgets it before the client
// hears of it, so that it can try again at once.
func (d *delivery) refused(h netpoll.Handle, a *room.Answer, err error) {
	t, name := token(a.Token), a.Room
	switch {
	case t.page():
		d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).failRecovery(c, name, t) })
		return
	case a.Op == room.Join:
		d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).removeRefused(name, t) })
	}
	e := roomError(err)
	d.b.Send(h, encodeError(t.id(), e))
	d.counters.refused(e.Code)
	d.edge.logRefused(a.Member.Info, commandName(a.Op), e)
}

// overloaded does not encode an answer that the loop has no room for. A join is undone.
func (d *delivery) overloaded(h netpoll.Handle, a *room.Answer) {
	if a.Op == room.Join {
		_ = d.edge.hub.Submit(room.Command{Op: room.Leave, Room: a.Room, Member: a.Member})
	}
	d.refused(h, a, room.ErrBusy)
}

// joined makes the connection a member of the room's topic: the reply goes first, and then every later broadcast.
// With a page of a recovery it only sends that, and the next one is due when it has left.
func (d *delivery) joined(h netpoll.Handle, a *room.Answer) {
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
	d.b.Subscribe(h, name, first)
	if t.watch() {
		d.b.Subscribe(h, topic(name, true), nil)
	}
}

// left ends the membership in the topics. After the close of a connection there is nobody to answer.
func (d *delivery) left(h netpoll.Handle, a *room.Answer) {
	t := token(a.Token)
	if t.id() == 0 {
		return
	}
	if t.watch() {
		d.b.Unsubscribe(h, topic(a.Room, true), nil)
	}
	d.b.Unsubscribe(h, a.Room, encodeLeaveReply(t.id()))
}

// insufficient takes a member out whose room lost messages it cannot repair: the SDK subscribes again and recovers.
func (d *delivery) insufficient(a *room.Answer) {
	h, name := netpoll.Handle(a.Member.Conn), a.Room
	d.b.Call(h, func(c *netpoll.Conn) { c.Context().(*session).removeJoined(name) })
	d.b.Unsubscribe(h, topic(name, true), nil)
	d.b.Unsubscribe(h, name, encodeUnsubscribe(name, protocol.UnsubscribeInsufficientState))
	d.counters.insufficient.Add(1)
}

// confirm marks a membership as joined. It may be gone: then its leave is on the way.
func (s *session) markJoined(name string, t token) {
	if m := s.membershipOf(name, t); m != nil {
		m.joined = true
	}
}

// refused removes a membership whose join was refused.
func (s *session) removeRefused(name string, t token) {
	if m := s.membershipOf(name, t); m != nil {
		s.remove(m)
	}
}

// membershipOf is the membership that a join began, nil if it is gone: there may be a newer one of the same room.
func (s *session) membershipOf(name string, t token) *membership {
	if m := s.find(name); m != nil && m.serial == t.serial() {
		return m
	}
	return nil
}

// expelled removes a membership that the room has ended. One that is not joined yet is newer than that.
func (s *session) removeJoined(name string) {
	if m := s.find(name); m != nil && m.joined {
		s.remove(m)
	}
}
