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
	raw := begin(jsonwire.PushOverhead + len(name) + len(p.Body))
	raw, from, to := jsonwire.AppendPush(raw, name, p.Body, p.Offset, p.Time)
	p.Object = raw[from:to:to]
	buf := netpoll.NewBufferInPlace(frame.OpText, raw)
	if e.now().spaces.droppable(name) {
		buf.Droppable()
	}
	return buf
}

func encodeJoin(name string, m *room.Member) room.Buffer {
	info := clientInfo(m.Info, m.ChanInfo)
	return netpoll.NewBufferInPlace(frame.OpText, jsonwire.AppendJoin(begin(256), name, &info))
}

func encodeLeave(name string, m *room.Member) room.Buffer {
	info := clientInfo(m.Info, m.ChanInfo)
	return netpoll.NewBufferInPlace(frame.OpText, jsonwire.AppendLeave(begin(256), name, &info))
}

// begin makes a payload of about n bytes that NewBufferInPlace can take.
func begin(n int) []byte { return make([]byte, frame.HeaderRoom, frame.HeaderRoom+n) }

func clientInfo(i *room.Info, chanInfo []byte) protocol.ClientInfo {
	return protocol.ClientInfo{User: i.User, Client: protocol.ClientID(i.Client), ConnInfo: i.ConnInfo, ChanInfo: chanInfo}
}
