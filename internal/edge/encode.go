package edge

import (
	"iter"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// The functions of this file run on shards. A push is encoded once per message and shared by all members on all loops, a
// reply once for its client.

// encodePush encodes the push of a publication, with space for the WebSocket header in front. The publication object in the
// middle of it is what recovery and history send: the same bytes, never encoded again.
func (e *Edge) encodePush(name string, p *room.Publication) room.Buffer {
	var info *protocol.ClientInfo
	if p.From != nil {
		i := clientInfo(p.From, nil)
		info = &i
	}
	raw := newPayload(jsonwire.PushSize(name, p.Data, info))
	raw, p.Encoded, p.Data = jsonwire.AppendPush(raw, name, p.Data, info, p.Offset, p.Time)
	buf := netpoll.NewBufferInPlace(frame.OpText, raw)
	if e.settings().namespaces.droppable(name) {
		buf.Droppable()
	}
	return buf
}

func encodeJoinPush(name string, m *room.Member) room.Buffer {
	info := clientInfo(m.Info, m.ChanInfo)
	return netpoll.NewBufferInPlace(frame.OpText, jsonwire.AppendJoin(newPayload(256), name, &info))
}

func encodeLeavePush(name string, m *room.Member) room.Buffer {
	info := clientInfo(m.Info, m.ChanInfo)
	return netpoll.NewBufferInPlace(frame.OpText, jsonwire.AppendLeave(newPayload(256), name, &info))
}

// newPayload returns an empty payload for NewBufferInPlace, with capacity for n bytes.
func newPayload(n int) []byte { return make([]byte, frame.HeaderRoom, frame.HeaderRoom+n) }

func clientInfo(i *room.Info, chanInfo []byte) protocol.ClientInfo {
	return protocol.ClientInfo{User: i.User, Client: protocol.ClientID(i.Client), ConnInfo: i.ConnInfo, ChanInfo: chanInfo}
}

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

// encodeJoinReply encodes the reply to a join, or another page of its recovery.
func encodeJoinReply(a *room.Answer) *netpoll.Buffer {
	if token(a.Token).page() {
		return encodePage(a)
	}
	return encodeSubscribe(a)
}

// encodeSubscribe encodes the reply to a join. With missed publications, the position in it is the one before the first of
// them, since the client advances it with each publication. Otherwise it is the current position.
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

// encodePage encodes another page of a recovery, as the pushes that the client has missed; nil if there are none.
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

// positionBefore is an offset after which p is the first message: the offset of the message before it, if that is known.
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

// replySize estimates the bytes of a reply.
func replySize(a *room.Answer) int {
	if a.Op == room.Publish { // the most frequent reply: a generous estimate would be a third of a message's garbage
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
