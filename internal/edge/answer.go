package edge

import (
	"iter"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// The functions of this file encode replies on a shard, from the room's answers.

func encodeReply(a *room.Answer) *netpoll.Buffer {
	id := token(a.Token).id()
	raw := newPayload(replySize(a))
	switch a.Op {
	case room.Publish:
		raw = jsonwire.AppendPublish(raw, id, a.Position.Offset, a.Position.Epoch)
	case room.PresenceStats:
		raw = jsonwire.AppendPresenceStats(raw, id, a.NumClients, a.NumUsers)
	case room.Presence:
		raw = jsonwire.AppendPresence(raw, id, clients(a))
	case room.History:
		raw = jsonwire.AppendHistory(raw, id, publications(a), a.Position.Epoch, a.Position.Offset, a.More)
	}
	return netpoll.NewBufferInPlace(frame.OpText, raw)
}

// encodeJoinReply encodes what a join brings: its reply, or more of what was missed.
func encodeJoinReply(a *room.Answer) *netpoll.Buffer {
	if token(a.Token).page() {
		return encodePage(a)
	}
	return encodeSubscribe(a)
}

// encodeSubscribe encodes the reply to a join. With what was missed goes the position that the client resumed from,
// which each publication then moves on; otherwise the current one.
func encodeSubscribe(a *room.Answer) *netpoll.Buffer {
	t := token(a.Token)
	res := protocol.SubscribeResult{
		Recoverable: t.recoverable(), Positioned: t.positioned(),
		Recovered: a.Recovered, WasRecovering: t.recover(),
		Epoch: a.Position.Epoch, Offset: a.Position.Offset,
	}
	var missed iter.Seq[[]byte]
	if a.Recovered && len(a.Publications) > 0 {
		missed = publications(a)
		res.Offset = positionBefore(&a.Publications[0])
	}
	raw := jsonwire.AppendSubscribe(newPayload(replySize(a)), t.id(), &res, missed)
	return netpoll.NewBufferInPlace(frame.OpText, raw)
}

// encodePage encodes what a recovery goes on with: the pushes that the client would have got. nil: nothing.
func encodePage(a *room.Answer) *netpoll.Buffer {
	if len(a.Publications) == 0 {
		return nil
	}
	raw := newPayload(replySize(a) + len(a.Publications)*(jsonwire.PushOverhead+len(a.Room)))
	for i := range a.Publications {
		if i > 0 {
			raw = append(raw, '\n')
		}
		raw = jsonwire.AppendPushObject(raw, a.Room, a.Publications[i].Encoded)
	}
	return netpoll.NewBufferInPlace(frame.OpText, raw)
}

// before is a position that p is the first message after: that of the message before it, if that is known.
func positionBefore(p *room.Publication) uint64 {
	if p.Prev != 0 {
		return p.Prev
	}
	return p.Offset - 1
}

func encodeLeaveReply(id uint32) *netpoll.Buffer {
	return netpoll.NewBufferInPlace(frame.OpText, jsonwire.AppendEmptyReply(newPayload(32), id, "unsubscribe"))
}

func encodeError(id uint32, e *protocol.Error) *netpoll.Buffer {
	return netpoll.NewBufferInPlace(frame.OpText, jsonwire.AppendError(newPayload(96), id, e))
}

func encodeUnsubscribe(name string, u *protocol.Unsubscribe) *netpoll.Buffer {
	return netpoll.NewBufferInPlace(frame.OpText, jsonwire.AppendUnsubscribe(newPayload(128+len(name)), name, u))
}

// replySize is about how long the reply will be.
func replySize(a *room.Answer) int {
	if a.Op == room.Publish { // most replies: what is too long for them would be a third of a message's garbage
		return len(`{"id":4294967295,"publish":{"offset":,"epoch":""}}`) + 20 + len(a.Position.Epoch)
	}
	n := 160
	for i := range a.Publications {
		n += len(a.Publications[i].Encoded) + 1
	}
	return n + 160*len(a.Presence)
}

func publications(a *room.Answer) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range a.Publications {
			if !yield(a.Publications[i].Encoded) {
				return
			}
		}
	}
}

func clients(a *room.Answer) iter.Seq[protocol.ClientInfo] {
	return func(yield func(protocol.ClientInfo) bool) {
		for _, p := range a.Presence {
			if !yield(clientInfo(p.Info, p.ChanInfo)) {
				return
			}
		}
	}
}
