// Package codecs is the table of the forms in which connections speak the protocol.
package codecs

import (
	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/internal/protocol/pbwire"
)

// Codec is one form of the protocol.
type Codec struct {
	protocol.Writer
	NewReader func() protocol.Reader

	Name         string   // "json" or "protobuf": the value of the query parameter that asks for it
	Subprotocol  string   // RFC 6455 section 1.9
	Op           frame.Op // of its frames
	Binary       bool     // data may be any bytes; otherwise it is JSON
	Ping         string   // payload of a server ping and of the client's pong
	Separator    string   // between two messages in a frame
	PushOverhead int      // most bytes that AppendPushObject adds to the publication and the name of the channel
}

// All are the forms, by number. The first is that of connections that ask for none.
var All = [...]Codec{
	{
		Writer: jsonwire.Writer{}, NewReader: func() protocol.Reader { return &jsonwire.Reader{} },
		Name: "json", Subprotocol: "centrifuge-json", Op: frame.OpText, Ping: jsonwire.Ping, Separator: "\n", PushOverhead: jsonwire.PushOverhead,
	},
	{
		Writer: pbwire.Writer{}, NewReader: func() protocol.Reader { return &pbwire.Reader{} },
		Name: "protobuf", Subprotocol: "centrifuge-protobuf", Op: frame.OpBinary, Binary: true, Ping: pbwire.Ping, PushOverhead: pbwire.PushOverhead,
	},
}

// PushSize and AppendPush are those of the Writer. They run for every message: a call through the interface would move info to
// the heap.

// PushSize is [protocol.Writer].PushSize.
func (c *Codec) PushSize(channel string, data []byte, info *protocol.ClientInfo) int {
	if c.Binary {
		return pbwire.Writer{}.PushSize(channel, data, info)
	}
	return jsonwire.Writer{}.PushSize(channel, data, info)
}

// AppendPush is [protocol.Writer].AppendPush.
func (c *Codec) AppendPush(dst []byte, channel string, data []byte, info *protocol.ClientInfo, offset uint64, ms int64) (push, publication, raw []byte) {
	if c.Binary {
		return pbwire.Writer{}.AppendPush(dst, channel, data, info, offset, ms)
	}
	return jsonwire.Writer{}.AppendPush(dst, channel, data, info, offset, ms)
}
