package pbwire

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
)

// Ping is the payload of a server ping, and of the client's pong.
const Ping = "\x00"

// The field numbers of Push, and of Publication and ClientInfo within it.
const (
	fieldChannel     protowire.Number = 2
	fieldPub         protowire.Number = 4
	fieldJoin        protowire.Number = 5
	fieldLeave       protowire.Number = 6
	fieldUnsubscribe protowire.Number = 7
	fieldMessage     protowire.Number = 8

	fieldData   protowire.Number = 4
	fieldInfo   protowire.Number = 5
	fieldOffset protowire.Number = 6
	fieldTime   protowire.Number = 9

	fieldUser     protowire.Number = 1
	fieldClient   protowire.Number = 2
	fieldConnInfo protowire.Number = 3
	fieldChanInfo protowire.Number = 4
)

const idSize = 36 // bytes of a protocol.ClientID as text

func sizeInfo(i *protocol.ClientInfo) int {
	return sizeBytes(fieldUser, len(i.User)) + sizeBytes(fieldClient, idSize) + sizeBytes(fieldConnInfo, len(i.ConnInfo)) + sizeBytes(fieldChanInfo, len(i.ChanInfo))
}

// AppendClientInfo appends a ClientInfo without its length.
func AppendClientInfo(dst []byte, i *protocol.ClientInfo) []byte {
	dst = appendBytes(dst, fieldUser, i.User)
	dst = i.Client.Append(appendLength(dst, fieldClient, idSize))
	dst = appendBytes(dst, fieldConnInfo, i.ConnInfo)
	return appendBytes(dst, fieldChanInfo, i.ChanInfo)
}

// sizePublication is the size of the Publication that appendPublication appends.
func sizePublication(data []byte, info *protocol.ClientInfo, offset uint64, ms int64) int {
	n := sizeMessage(fieldData, len(data)) + sizeUint(fieldOffset, offset) + sizeUint(fieldTime, uint64(ms))
	if info != nil {
		n += sizeMessage(fieldInfo, sizeInfo(info))
	}
	return n
}

// PushSize returns the most bytes that AppendPush appends.
func (Writer) PushSize(channel string, data []byte, info *protocol.ClientInfo) int {
	const length = 5 // bytes of a length, of an offset twice as many
	n := 2*length + 3*(1+length) + len(channel) + 1 + length + len(data) + 2*(1+2*length)
	if info != nil {
		n += 1 + length + sizeInfo(info)
	}
	return n
}

// AppendPush appends the push of a publication. It also returns two parts of it: the Publication without its length, which
// recovery and history send as well, and the data within it. A nil info is left out, since the server published then, and so
// are offset 0 and ms 0 (Unix time).
func (Writer) AppendPush(dst []byte, channel string, data []byte, info *protocol.ClientInfo, offset uint64, ms int64) (push, object, raw []byte) {
	size := sizePublication(data, info, offset, ms)
	dst = appendPushHead(dst, channel, size)
	from := len(dst)
	dst = appendLength(dst, fieldData, len(data))
	dataFrom := len(dst)
	dst = append(dst, data...)
	dataTo := len(dst)
	if info != nil {
		dst = AppendClientInfo(appendLength(dst, fieldInfo, sizeInfo(info)), info)
	}
	dst = appendUint(dst, fieldOffset, offset)
	dst = appendUint(dst, fieldTime, uint64(ms))
	to := len(dst)
	return dst, dst[from:to:to], dst[dataFrom:dataTo:dataTo]
}

// appendPushHead appends a Reply with a Push up to the Publication, which has n bytes.
func appendPushHead(dst []byte, channel string, n int) []byte {
	push := sizeBytes(fieldChannel, len(channel)) + sizeMessage(fieldPub, n)
	dst = protowire.AppendVarint(dst, uint64(sizeMessage(fieldPush, push)))
	dst = appendBytes(appendLength(dst, fieldPush, push), fieldChannel, channel)
	return appendLength(dst, fieldPub, n)
}

// PushOverhead is the most bytes that AppendPushObject adds to the object and the name of the channel.
const PushOverhead = 5 + 3*6

// AppendPushObject appends the push of a publication that is encoded already.
func (Writer) AppendPushObject(dst []byte, channel string, object []byte) []byte {
	return append(appendPushHead(dst, channel, len(object)), object...)
}

// AppendJoin appends the push about a client that joined.
func (Writer) AppendJoin(dst []byte, channel string, info *protocol.ClientInfo) []byte {
	return appendPresencePush(dst, channel, fieldJoin, info)
}

// AppendLeave appends the push about a client that left.
func (Writer) AppendLeave(dst []byte, channel string, info *protocol.ClientInfo) []byte {
	return appendPresencePush(dst, channel, fieldLeave, info)
}

func appendPresencePush(dst []byte, channel string, kind protowire.Number, info *protocol.ClientInfo) []byte {
	return appendPush(dst, channel, kind, func(dst []byte) []byte {
		return AppendClientInfo(appendLength(dst, 1, sizeInfo(info)), info)
	})
}

// appendPush appends a push with a message that body appends.
func appendPush(dst []byte, channel string, kind protowire.Number, body func([]byte) []byte) []byte {
	dst, reply := open(dst)
	dst, push := openField(dst, fieldPush)
	dst = appendBytes(dst, fieldChannel, channel)
	dst, message := openField(dst, kind)
	return end(end(end(body(dst), message), push), reply)
}

// AppendDropped appends the message push with the number of publications that a slow client missed. The SDKs pass only the
// data of a message to the application: the JSON object that the JSON form has there, with the name of the channel.
func (Writer) AppendDropped(dst []byte, channel string, n int) []byte {
	return appendPush(dst, channel, fieldMessage, func(dst []byte) []byte {
		data := strconv.AppendInt([]byte(`{"dropped":`), int64(n), 10)
		data = append(jsonwire.AppendString(append(data, `,"channel":`...), channel), '}')
		return appendBytes(dst, 1, data)
	})
}

// AppendUnsubscribe appends the push that ends a subscription.
func (Writer) AppendUnsubscribe(dst []byte, channel string, u *protocol.Unsubscribe) []byte {
	return appendPush(dst, channel, fieldUnsubscribe, func(dst []byte) []byte {
		return appendBytes(appendUint(dst, 2, uint64(u.Code)), 3, u.Reason)
	})
}
