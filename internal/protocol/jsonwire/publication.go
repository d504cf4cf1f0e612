package jsonwire

import (
	"strconv"

	"github.com/throngd/throng/internal/protocol"
)

// AppendClientInfo appends the info object. user and client are always present, an anonymous user as "".
func AppendClientInfo(dst []byte, i *protocol.ClientInfo) []byte {
	dst = AppendString(append(dst, `{"user":`...), i.User)
	dst = i.Client.Append(append(dst, `,"client":"`...))
	dst = append(dst, '"')
	if len(i.ConnInfo) > 0 {
		dst = append(append(dst, `,"conn_info":`...), i.ConnInfo...)
	}
	if len(i.ChanInfo) > 0 {
		dst = append(append(dst, `,"chan_info":`...), i.ChanInfo...)
	}
	return append(dst, '}')
}

// PushSize returns the most bytes that AppendPush appends if the names need no escapes.
func (Writer) PushSize(channel string, data []byte, info *protocol.ClientInfo) int {
	n := len(`{"push":{"channel":"","pub":{"data":,"offset":,"time":}}}`) + 2*20 + len(channel) + len(data)
	if info != nil {
		n += len(`,"info":{"user":"","client":"","conn_info":,"chan_info":}`) + 36 + len(info.User) + len(info.ConnInfo) + len(info.ChanInfo)
	}
	return n
}

// AppendPush appends the push of a publication. It also returns two parts of it: the publication object, which recovery
// and history send as well, and the data within the object, without CR and LF as [AppendRaw] appends them. A nil info is
// left out, since the server published then, and so are offset 0 and ms 0 (Unix time).
func (Writer) AppendPush(dst []byte, channel string, data []byte, info *protocol.ClientInfo, offset uint64, ms int64) (push, object, raw []byte) {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = append(dst, `,"pub":`...)
	from := len(dst)
	dst = append(dst, `{"data":`...)
	dataFrom := len(dst)
	dst = AppendRaw(dst, data)
	dataTo := len(dst)
	if info != nil {
		dst = AppendClientInfo(append(dst, `,"info":`...), info)
	}
	if offset > 0 {
		dst = strconv.AppendUint(append(dst, `,"offset":`...), offset, 10)
	}
	if ms > 0 {
		dst = strconv.AppendInt(append(dst, `,"time":`...), ms, 10)
	}
	dst = append(dst, '}')
	to := len(dst)
	dst = append(dst, '}', '}')
	return dst, dst[from:to:to], dst[dataFrom:dataTo:dataTo]
}

// PushOverhead is the most bytes that AppendPushObject adds to the object and the name of the channel, if the name needs
// no escapes.
const PushOverhead = len(`{"push":{"channel":"","pub":}}`)

// AppendPushObject appends the push of a publication that is encoded already.
func (Writer) AppendPushObject(dst []byte, channel string, object []byte) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = append(append(dst, `,"pub":`...), object...)
	return append(dst, '}', '}')
}
