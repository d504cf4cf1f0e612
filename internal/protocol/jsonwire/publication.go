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

// AppendPublication appends the part of a publication that is known before its room has put it in order: the object
// without its closing brace. [AppendPush] and [AppendObject] complete it. A nil info is left out: the server published.
func AppendPublication(dst []byte, data []byte, info *protocol.ClientInfo) []byte {
	dst = AppendRaw(append(dst, `{"data":`...), data)
	if info != nil {
		dst = AppendClientInfo(append(dst, `,"info":`...), info)
	}
	return dst
}

// PushOverhead is the most bytes that AppendPush adds to the body and the name of the channel, if the name needs no
// escapes.
const PushOverhead = len(`{"push":{"channel":"","pub":,"offset":,"time":}}}`) + 2*20

// AppendPush appends the push of a publication. push[from:to] is the publication object, which recovery and history send
// as well. body is the result of AppendPublication; offset 0 and ms 0 (Unix time) are left out.
func AppendPush(dst []byte, channel string, body []byte, offset uint64, ms int64) (push []byte, from, to int) {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = append(dst, `,"pub":`...)
	from = len(dst)
	dst = AppendObject(dst, body, offset, ms)
	to = len(dst)
	return append(dst, '}', '}'), from, to
}

// AppendPushObject appends the push of a publication that is encoded already.
func AppendPushObject(dst []byte, channel string, object []byte) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = append(append(dst, `,"pub":`...), object...)
	return append(dst, '}', '}')
}

// AppendObject appends the publication object without the push around it.
func AppendObject(dst, body []byte, offset uint64, ms int64) []byte {
	dst = append(dst, body...)
	if offset > 0 {
		dst = strconv.AppendUint(append(dst, `,"offset":`...), offset, 10)
	}
	if ms > 0 {
		dst = strconv.AppendInt(append(dst, `,"time":`...), ms, 10)
	}
	return append(dst, '}')
}
