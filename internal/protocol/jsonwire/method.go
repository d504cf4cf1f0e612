package jsonwire

import "github.com/throngd/throng/internal/protocol"

// methodOf returns the method of a name on the wire. The compiler does not allocate for the conversion in the switch.
func methodOf(name []byte) protocol.Method {
	switch string(name) {
	case "publish":
		return protocol.MethodPublish
	case "connect":
		return protocol.MethodConnect
	case "subscribe":
		return protocol.MethodSubscribe
	case "unsubscribe":
		return protocol.MethodUnsubscribe
	case "presence":
		return protocol.MethodPresence
	case "presence_stats":
		return protocol.MethodPresenceStats
	case "history":
		return protocol.MethodHistory
	case "ping":
		return protocol.MethodPing
	case "send":
		return protocol.MethodSend
	case "rpc":
		return protocol.MethodRPC
	case "refresh":
		return protocol.MethodRefresh
	case "sub_refresh":
		return protocol.MethodSubRefresh
	}
	return protocol.MethodUnknown
}
