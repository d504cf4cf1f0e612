package edge

import (
	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// The functions of this file run on shards, once per message: what they make is shared by all members on all loops.

// encodePush lays the push out with room for the WebSocket header in front. The publication object in the middle of
// it is what recovery and history send: the same bytes, never encoded again.
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

// begin makes a payload of about n bytes that NewBufferInPlace can take.
func newPayload(n int) []byte { return make([]byte, frame.HeaderRoom, frame.HeaderRoom+n) }

func clientInfo(i *room.Info, chanInfo []byte) protocol.ClientInfo {
	return protocol.ClientInfo{User: i.User, Client: protocol.ClientID(i.Client), ConnInfo: i.ConnInfo, ChanInfo: chanInfo}
}
