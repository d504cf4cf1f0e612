package pbwire

import (
	"iter"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/throngd/throng/internal/protocol"
)

// Writer appends replies and pushes. It has no state.
type Writer struct{}

var _ protocol.Writer = Writer{}

// The fields of a Reply that are no results.
const (
	fieldError protowire.Number = 2
	fieldPush  protowire.Number = 4
)

// fieldOf returns the field of a method's result. Up to ping it has the number of the request plus one, for the push; send has
// no result, so that from rpc on the numbers are equal.
func fieldOf(m protocol.Method) protowire.Number {
	field := fieldMethod + protowire.Number(m-protocol.MethodConnect)
	if m < protocol.MethodSend {
		field++
	}
	return field
}

// appendReply appends a Reply with a message that body appends.
func appendReply(dst []byte, id uint32, field protowire.Number, body func([]byte) []byte) []byte {
	dst, reply := open(dst)
	dst = appendUint(dst, fieldID, uint64(id))
	dst, message := openField(dst, field)
	return end(end(body(dst), message), reply)
}

// AppendEmptyReply appends the reply of a method whose result has no fields: unsubscribe or ping.
func (Writer) AppendEmptyReply(dst []byte, id uint32, m protocol.Method) []byte {
	return appendReply(dst, id, fieldOf(m), func(dst []byte) []byte { return dst })
}

// AppendError appends an error reply.
func (Writer) AppendError(dst []byte, id uint32, e *protocol.Error) []byte {
	return appendReply(dst, id, fieldError, func(dst []byte) []byte {
		dst = appendBytes(appendUint(dst, 1, uint64(e.Code)), 2, e.Message)
		return appendBool(dst, 3, e.Temporary)
	})
}

// AppendConnect appends the reply to connect.
func (Writer) AppendConnect(dst []byte, id uint32, r *protocol.ConnectResult) []byte {
	return appendReply(dst, id, fieldOf(protocol.MethodConnect), func(dst []byte) []byte {
		dst = appendBytes(appendIdentity(dst, r), 5, r.Data)
		return appendBool(appendUint(dst, 7, uint64(r.Ping)), 8, r.Pong)
	})
}

// AppendRefresh appends the reply to refresh: of r, Client, Version and the expiry.
func (Writer) AppendRefresh(dst []byte, id uint32, r *protocol.ConnectResult) []byte {
	return appendReply(dst, id, fieldOf(protocol.MethodRefresh), func(dst []byte) []byte { return appendIdentity(dst, r) })
}

// appendIdentity appends the fields that ConnectResult and RefreshResult share.
func appendIdentity(dst []byte, r *protocol.ConnectResult) []byte {
	dst = r.Client.Append(appendLength(dst, 1, idSize))
	dst = appendBytes(dst, 2, r.Version)
	if r.Expires {
		dst = appendUint(appendBool(dst, 3, true), 4, uint64(r.TTL))
	}
	return dst
}

// AppendSubscribe appends the reply to subscribe. publications are the encoded publications of a recovery, or nil.
func (Writer) AppendSubscribe(dst []byte, id uint32, r *protocol.SubscribeResult, publications iter.Seq[[]byte]) []byte {
	return appendReply(dst, id, fieldOf(protocol.MethodSubscribe), func(dst []byte) []byte {
		dst = appendBool(dst, 3, r.Recoverable)
		dst = appendBytes(dst, 6, r.Epoch)
		if publications != nil {
			dst = appendList(dst, 7, publications)
		}
		dst = appendBool(dst, 8, r.Recovered)
		dst = appendUint(dst, 9, r.Offset)
		dst = appendBool(dst, 10, r.Positioned)
		return appendBool(dst, 12, r.WasRecovering)
	})
}

// appendList appends encoded messages as a repeated field.
func appendList(dst []byte, field protowire.Number, messages iter.Seq[[]byte]) []byte {
	for m := range messages {
		dst = append(appendLength(dst, field, len(m)), m...)
	}
	return dst
}

// AppendPublish appends the reply to publish. offset and epoch, the position of the message, are throng's addition to the
// protocol.
func (Writer) AppendPublish(dst []byte, id uint32, offset uint64, epoch string) []byte {
	return appendReply(dst, id, fieldOf(protocol.MethodPublish), func(dst []byte) []byte {
		if offset == 0 {
			return dst
		}
		return appendBytes(appendUint(dst, FieldPublishOffset, offset), FieldPublishEpoch, epoch)
	})
}

// AppendPresenceStats appends the reply to presence_stats.
func (Writer) AppendPresenceStats(dst []byte, id uint32, clients, users int) []byte {
	return appendReply(dst, id, fieldOf(protocol.MethodPresenceStats), func(dst []byte) []byte {
		return appendUint(appendUint(dst, 1, uint64(clients)), 2, uint64(users))
	})
}

// AppendPresence appends the reply to presence: the clients of the channel by client id.
func (Writer) AppendPresence(dst []byte, id uint32, clients iter.Seq[protocol.ClientInfo]) []byte {
	return appendReply(dst, id, fieldOf(protocol.MethodPresence), func(dst []byte) []byte {
		for c := range clients {
			info := sizeInfo(&c)
			dst = appendLength(dst, 1, sizeBytes(1, idSize)+sizeMessage(2, info)) // an entry of the map
			dst = c.Client.Append(appendLength(dst, 1, idSize))
			dst = AppendClientInfo(appendLength(dst, 2, info), &c)
		}
		return dst
	})
}

// AppendHistory appends the reply to history. publications are encoded, in the order of the reply. more says that a limit of
// the server has cut the list.
func (Writer) AppendHistory(dst []byte, id uint32, publications iter.Seq[[]byte], epoch string, offset uint64, more bool) []byte {
	return appendReply(dst, id, fieldOf(protocol.MethodHistory), func(dst []byte) []byte {
		dst = appendBytes(appendList(dst, 1, publications), 2, epoch)
		return appendBool(appendUint(dst, 3, offset), FieldHistoryMore, more)
	})
}
