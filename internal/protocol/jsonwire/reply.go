package jsonwire

import (
	"iter"
	"strconv"

	"github.com/throngd/throng/internal/protocol"
)

// Writer appends replies and pushes. It has no state.
type Writer struct{}

var _ protocol.Writer = Writer{}

// appendID appends the beginning of the reply to the command with this id.
func appendID(dst []byte, id uint32) []byte {
	return strconv.AppendUint(append(dst, `{"id":`...), uint64(id), 10)
}

// AppendEmptyReply appends the reply of a method whose result has no fields: unsubscribe or ping.
func (Writer) AppendEmptyReply(dst []byte, id uint32, m protocol.Method) []byte {
	dst = append(append(appendID(dst, id), `,"`...), m.String()...)
	return append(dst, `":{}}`...)
}

// AppendError appends an error reply.
func (Writer) AppendError(dst []byte, id uint32, e *protocol.Error) []byte {
	dst = strconv.AppendUint(append(appendID(dst, id), `,"error":{"code":`...), uint64(e.Code), 10)
	dst = AppendString(append(dst, `,"message":`...), e.Message)
	if e.Temporary {
		dst = append(dst, `,"temporary":true`...)
	}
	return append(dst, "}}"...)
}

// AppendConnect appends the reply to connect.
func (Writer) AppendConnect(dst []byte, id uint32, r *protocol.ConnectResult) []byte {
	dst = r.Client.Append(append(appendID(dst, id), `,"connect":{"client":"`...))
	dst = append(dst, '"')
	if r.Version != "" {
		dst = AppendString(append(dst, `,"version":`...), r.Version)
	}
	dst = appendExpiry(dst, r.Expires, r.TTL)
	if len(r.Data) > 0 {
		dst = append(append(dst, `,"data":`...), r.Data...)
	}
	if r.Ping > 0 {
		dst = strconv.AppendUint(append(dst, `,"ping":`...), uint64(r.Ping), 10)
	}
	return append(appendFlag(dst, `,"pong":true`, r.Pong), "}}"...)
}

// AppendRefresh appends the reply to refresh: of r, Client, Version and the expiry.
func (Writer) AppendRefresh(dst []byte, id uint32, r *protocol.ConnectResult) []byte {
	dst = r.Client.Append(append(appendID(dst, id), `,"refresh":{"client":"`...))
	dst = append(dst, '"')
	if r.Version != "" {
		dst = AppendString(append(dst, `,"version":`...), r.Version)
	}
	return append(appendExpiry(dst, r.Expires, r.TTL), "}}"...)
}

func appendExpiry(dst []byte, expires bool, ttl uint32) []byte {
	if !expires {
		return dst
	}
	return strconv.AppendUint(append(dst, `,"expires":true,"ttl":`...), uint64(ttl), 10)
}

func appendFlag(dst []byte, text string, on bool) []byte {
	if !on {
		return dst
	}
	return append(dst, text...)
}

// AppendSubscribe appends the reply to subscribe. publications are the encoded publications of a
// recovery, or nil.
func (Writer) AppendSubscribe(dst []byte, id uint32, r *protocol.SubscribeResult, publications iter.Seq[[]byte]) []byte {
	dst = AppendString(append(appendID(dst, id), `,"subscribe":{"epoch":`...), r.Epoch)
	dst = strconv.AppendUint(append(dst, `,"offset":`...), r.Offset, 10)
	dst = appendFlag(dst, `,"recoverable":true`, r.Recoverable)
	dst = appendFlag(dst, `,"positioned":true`, r.Positioned)
	dst = appendFlag(dst, `,"was_recovering":true`, r.WasRecovering)
	dst = appendFlag(dst, `,"recovered":true`, r.Recovered)
	if publications != nil {
		dst = appendList(append(dst, `,"publications":`...), publications)
	}
	return append(dst, "}}"...)
}

// appendList appends an array of encoded objects.
func appendList(dst []byte, objects iter.Seq[[]byte]) []byte {
	open := len(dst)
	for o := range objects {
		dst = append(append(dst, ','), o...)
	}
	if len(dst) == open {
		return append(dst, "[]"...)
	}
	dst[open] = '['
	return append(dst, ']')
}

// AppendPublish appends the reply to publish. offset and epoch, the position of the message, are
// throng's addition to the protocol.
func (Writer) AppendPublish(dst []byte, id uint32, offset uint64, epoch string) []byte {
	dst = append(appendID(dst, id), `,"publish":{`...)
	if offset > 0 {
		dst = strconv.AppendUint(append(dst, `"offset":`...), offset, 10)
		dst = AppendString(append(dst, `,"epoch":`...), epoch)
	}
	return append(dst, "}}"...)
}

// AppendPresenceStats appends the reply to presence_stats.
func (Writer) AppendPresenceStats(dst []byte, id uint32, clients, users int) []byte {
	dst = strconv.AppendInt(append(appendID(dst, id), `,"presence_stats":{"num_clients":`...), int64(clients), 10)
	dst = strconv.AppendInt(append(dst, `,"num_users":`...), int64(users), 10)
	return append(dst, "}}"...)
}

// AppendPresence appends the reply to presence: the clients of the channel by client id.
func (Writer) AppendPresence(dst []byte, id uint32, clients iter.Seq[protocol.ClientInfo]) []byte {
	dst = append(appendID(dst, id), `,"presence":{"presence":`...)
	open := len(dst)
	for c := range clients {
		dst = c.Client.Append(append(dst, `,"`...))
		dst = AppendClientInfo(append(dst, `":`...), &c)
	}
	if len(dst) == open {
		dst = append(dst, '{')
	}
	dst[open] = '{'
	return append(dst, "}}}"...)
}

// AppendHistory appends the reply to history. publications are encoded, in the order of the reply. more, a field that the
// SDKs ignore, says that a limit of the server has cut the list.
func (Writer) AppendHistory(dst []byte, id uint32, publications iter.Seq[[]byte], epoch string, offset uint64, more bool) []byte {
	dst = appendList(append(appendID(dst, id), `,"history":{"publications":`...), publications)
	dst = AppendString(append(dst, `,"epoch":`...), epoch)
	dst = strconv.AppendUint(append(dst, `,"offset":`...), offset, 10)
	if more {
		dst = append(dst, `,"more":true`...)
	}
	return append(dst, "}}"...)
}
