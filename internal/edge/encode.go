package edge

import (
	"iter"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/codecs"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// The functions of this file run on shards. A push is encoded once per message and form, and shared by all members of that
// form on all loops; a reply is encoded once for its client.

// encodePush encodes the push of a publication, with space for the WebSocket header in front. The publication object in the
// middle of it is what recovery and history send: the same bytes, never encoded again.
func (e *Edge) encodePush(name string, p *room.Publication, f room.Form) room.Buffer {
	var info *protocol.ClientInfo
	if p.From != nil {
		i := clientInfo(p.From, nil)
		info = &i
	}
	codec := &codecs.All[f]
	raw := newPayload(codec.PushSize(name, p.Data, info))
	raw, p.Encoded[f], p.Data = codec.AppendPush(raw, name, p.Data, info, p.Offset, p.Time)
	buf := newBuffer(codec, raw)
	if e.settings().namespaces.droppable(name) {
		buf.Droppable()
	}
	return buf
}

func encodeJoinPush(name string, m *room.Member, f room.Form) room.Buffer {
	codec, info := &codecs.All[f], clientInfo(m.Info, m.ChanInfo)
	return newBuffer(codec, codec.AppendJoin(newPayload(256), name, &info))
}

func encodeLeavePush(name string, m *room.Member, f room.Form) room.Buffer {
	codec, info := &codecs.All[f], clientInfo(m.Info, m.ChanInfo)
	return newBuffer(codec, codec.AppendLeave(newPayload(256), name, &info))
}

// newPayload returns an empty payload for NewBufferInPlace, with capacity for n bytes.
func newPayload(n int) []byte { return make([]byte, frame.HeaderRoom, frame.HeaderRoom+n) }

// newBuffer returns the frame with a payload that newPayload began.
func newBuffer(codec *codecs.Codec, raw []byte) *netpoll.Buffer {
	return netpoll.NewBufferInPlace(codec.Op, raw)
}

// codecOf returns the codec of the connection that gets an answer.
func codecOf(a *room.Answer) *codecs.Codec { return &codecs.All[a.Member.Form] }

func clientInfo(i *room.Info, chanInfo []byte) protocol.ClientInfo {
	return protocol.ClientInfo{User: i.User, Client: protocol.ClientID(i.Client), ConnInfo: i.ConnInfo, ChanInfo: chanInfo}
}

func encodeReply(a *room.Answer) *netpoll.Buffer {
	id, codec := token(a.Token).id(), codecOf(a)
	raw := newPayload(replySize(a))
	switch a.Op {
	case room.Publish:
		raw = codec.AppendPublish(raw, id, a.Position.Offset, a.Position.Epoch)
	case room.PresenceStats:
		raw = codec.AppendPresenceStats(raw, id, a.NumClients, a.NumUsers)
	case room.Presence:
		raw = codec.AppendPresence(raw, id, clients(a))
	case room.History:
		raw = codec.AppendHistory(raw, id, publications(a), a.Position.Epoch, a.Position.Offset, a.More)
	}
	return newBuffer(codec, raw)
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
	codec := codecOf(a)
	return newBuffer(codec, codec.AppendSubscribe(newPayload(replySize(a)), t.id(), &res, missed))
}

// encodePage encodes another page of a recovery, as the pushes that the client has missed; nil if there are none.
func encodePage(a *room.Answer) *netpoll.Buffer {
	if len(a.Publications) == 0 {
		return nil
	}
	codec := codecOf(a)
	raw := newPayload(replySize(a) + len(a.Publications)*(codec.PushOverhead+len(a.Room)))
	for i := range a.Publications {
		if i > 0 {
			raw = append(raw, codec.Separator...)
		}
		raw = codec.AppendPushObject(raw, a.Room, a.Publications[i].Encoded[a.Member.Form])
	}
	return newBuffer(codec, raw)
}

// positionBefore is an offset after which p is the first message: the offset of the message before it, if that is known.
func positionBefore(p *room.Publication) uint64 {
	if p.Prev != 0 {
		return p.Prev
	}
	return p.Offset - 1
}

func encodeLeaveReply(a *room.Answer) *netpoll.Buffer {
	codec := codecOf(a)
	return newBuffer(codec, codec.AppendEmptyReply(newPayload(32), token(a.Token).id(), protocol.MethodUnsubscribe))
}

func encodeError(a *room.Answer, e *protocol.Error) *netpoll.Buffer {
	codec := codecOf(a)
	return newBuffer(codec, codec.AppendError(newPayload(96), token(a.Token).id(), e))
}

func encodeUnsubscribe(a *room.Answer, u *protocol.Unsubscribe) *netpoll.Buffer {
	codec := codecOf(a)
	return newBuffer(codec, codec.AppendUnsubscribe(newPayload(128+len(a.Room)), a.Room, u))
}

// replySize estimates the bytes of a reply.
func replySize(a *room.Answer) int {
	if a.Op == room.Publish { // the most frequent reply: a generous estimate would be a third of a message's garbage
		return len(`{"id":4294967295,"publish":{"offset":,"epoch":""}}`) + 20 + len(a.Position.Epoch)
	}
	n := 160
	for i := range a.Publications {
		n += len(a.Publications[i].Encoded[a.Member.Form]) + 4
	}
	return n + 160*len(a.Presence)
}

func publications(a *room.Answer) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range a.Publications {
			if !yield(a.Publications[i].Encoded[a.Member.Form]) {
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
