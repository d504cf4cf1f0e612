package jsonwire

import (
	"strconv"

	"github.com/throngd/throng/internal/protocol"
)

// Ping is the payload of a server ping, and of the client's pong.
const Ping = "{}"

// AppendJoin appends the push about a client that joined.
func (Writer) AppendJoin(dst []byte, channel string, info *protocol.ClientInfo) []byte {
	return appendPresencePush(dst, channel, `,"join":{"info":`, info)
}

// AppendLeave appends the push about a client that left.
func (Writer) AppendLeave(dst []byte, channel string, info *protocol.ClientInfo) []byte {
	return appendPresencePush(dst, channel, `,"leave":{"info":`, info)
}

func appendPresencePush(dst []byte, channel, kind string, info *protocol.ClientInfo) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = AppendClientInfo(append(dst, kind...), info)
	return append(dst, "}}}"...)
}

// AppendDropped appends the message push with the number of publications that a slow client missed. The SDKs pass only the
// data of a message to the application, so the data repeats the channel.
func (Writer) AppendDropped(dst []byte, channel string, n int) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = strconv.AppendInt(append(dst, `,"message":{"data":{"dropped":`...), int64(n), 10)
	dst = AppendString(append(dst, `,"channel":`...), channel)
	return append(dst, "}}}}"...)
}

// AppendUnsubscribe appends the push that ends a subscription.
func (Writer) AppendUnsubscribe(dst []byte, channel string, u *protocol.Unsubscribe) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = strconv.AppendUint(append(dst, `,"unsubscribe":{"code":`...), uint64(u.Code), 10)
	dst = AppendString(append(dst, `,"reason":`...), u.Reason)
	return append(dst, "}}}"...)
}
