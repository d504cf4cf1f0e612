package protocol

import "strconv"

// Ping is the payload of a server ping, and of the client's answer.
const Ping = "{}"

// AppendJoin appends the push that tells a room's members who came.
func AppendJoin(dst []byte, channel string, info *ClientInfo) []byte {
	return appendPresencePush(dst, channel, `,"join":{"info":`, info)
}

// AppendLeave appends the push that tells a room's members who went.
func AppendLeave(dst []byte, channel string, info *ClientInfo) []byte {
	return appendPresencePush(dst, channel, `,"leave":{"info":`, info)
}

func appendPresencePush(dst []byte, channel, kind string, info *ClientInfo) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = AppendClientInfo(append(dst, kind...), info)
	return append(dst, "}}}"...)
}

// AppendDropped appends the push that tells a slow member of a room how many publications it missed. The SDKs hand a
// message's data alone to the application, so the room's name stands in it too.
func AppendDropped(dst []byte, channel string, n int) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = strconv.AppendInt(append(dst, `,"message":{"data":{"dropped":`...), int64(n), 10)
	dst = AppendString(append(dst, `,"channel":`...), channel)
	return append(dst, "}}}}"...)
}

// AppendUnsubscribe appends the push that ends a subscription from the server's side.
func AppendUnsubscribe(dst []byte, channel string, u *Unsubscribe) []byte {
	dst = AppendString(append(dst, `{"push":{"channel":`...), channel)
	dst = strconv.AppendUint(append(dst, `,"unsubscribe":{"code":`...), uint64(u.Code), 10)
	dst = AppendString(append(dst, `,"reason":`...), u.Reason)
	return append(dst, "}}}"...)
}
