package protocol

import (
	"iter"
	"strconv"
)

// appendID begins the reply to the command with this id.
func appendID(dst []byte, id uint32) []byte {
	return strconv.AppendUint(append(dst, `{"id":`...), uint64(id), 10)
}

// AppendEmptyReply appends the reply of a method whose result has no fields: name is "unsubscribe" or "ping".
func AppendEmptyReply(dst []byte, id uint32, name string) []byte {
	dst = append(append(appendID(dst, id), `,"`...), name...)
	return append(dst, `":{}}`...)
}

// AppendError appends the reply that tells what was wrong with a command.
func AppendError(dst []byte, id uint32, e *Error) []byte {
	dst = strconv.AppendUint(append(appendID(dst, id), `,"error":{"code":`...), uint64(e.Code), 10)
	dst = AppendString(append(dst, `,"message":`...), e.Message)
	if e.Temporary {
		dst = append(dst, `,"temporary":true`...)
	}
	return append(dst, "}}"...)
}

// ConnectResult is the answer to the first command.
type ConnectResult struct {
	Client  ClientID
	Version string
	Expires bool
	TTL     uint32 // seconds until the connection expires
	Data    []byte // nil or valid JSON without line ends
	Ping    uint32 // seconds between server pings; 0 = none
	Pong    bool   // the client has to answer them
}

// AppendConnect appends the reply to connect.
func AppendConnect(dst []byte, id uint32, r *ConnectResult) []byte {
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
func AppendRefresh(dst []byte, id uint32, r *ConnectResult) []byte {
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

// SubscribeResult is the answer to subscribe without its publications. Epoch and Offset always go out: a client
// that saw no message must be able to resume.
type SubscribeResult struct {
	Recoverable, Positioned  bool
	Recovered, WasRecovering bool
	Epoch                    string
	Offset                   uint64
}

// AppendSubscribe appends the reply to subscribe. publications are the encoded objects of what was missed, or nil.
func AppendSubscribe(dst []byte, id uint32, r *SubscribeResult, publications iter.Seq[[]byte]) []byte {
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

// appendList joins encoded objects to an array.
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

// AppendPublish appends the reply to publish. offset and epoch are throng's addition: where the message now stands.
func AppendPublish(dst []byte, id uint32, offset uint64, epoch string) []byte {
	dst = append(appendID(dst, id), `,"publish":{`...)
	if offset > 0 {
		dst = strconv.AppendUint(append(dst, `"offset":`...), offset, 10)
		dst = AppendString(append(dst, `,"epoch":`...), epoch)
	}
	return append(dst, "}}"...)
}

// AppendPresenceStats appends the reply to presence_stats.
func AppendPresenceStats(dst []byte, id uint32, clients, users int) []byte {
	dst = strconv.AppendInt(append(appendID(dst, id), `,"presence_stats":{"num_clients":`...), int64(clients), 10)
	dst = strconv.AppendInt(append(dst, `,"num_users":`...), int64(users), 10)
	return append(dst, "}}"...)
}

// AppendPresence appends the reply to presence: everyone in the room by client id.
func AppendPresence(dst []byte, id uint32, clients iter.Seq[ClientInfo]) []byte {
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

// AppendHistory appends the reply to history; publications are encoded objects, oldest first unless reversed. more, a
// field that the SDKs ignore, says that a bound of the server has cut them.
func AppendHistory(dst []byte, id uint32, publications iter.Seq[[]byte], epoch string, offset uint64, more bool) []byte {
	dst = appendList(append(appendID(dst, id), `,"history":{"publications":`...), publications)
	dst = AppendString(append(dst, `,"epoch":`...), epoch)
	dst = strconv.AppendUint(append(dst, `,"offset":`...), offset, 10)
	if more {
		dst = append(dst, `,"more":true`...)
	}
	return append(dst, "}}"...)
}
