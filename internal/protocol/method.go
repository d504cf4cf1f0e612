package protocol

// Method is what a command asks for: the name of its one field beside the id.
type Method uint8

// The methods of the protocol, in the order of its definition.
const (
	MethodNone    Method = iota // the empty object: a pong
	MethodUnknown               // a field that is no method, or an id alone
	MethodConnect
	MethodSubscribe
	MethodUnsubscribe
	MethodPublish
	MethodPresence
	MethodPresenceStats
	MethodHistory
	MethodPing
	MethodSend
	MethodRPC
	MethodRefresh
	MethodSubRefresh
)

// methodOf maps the name on the wire; the compiler turns the switch on a converted slice into no allocation.
func methodOf(name []byte) Method {
	switch string(name) {
	case "publish":
		return MethodPublish
	case "connect":
		return MethodConnect
	case "subscribe":
		return MethodSubscribe
	case "unsubscribe":
		return MethodUnsubscribe
	case "presence":
		return MethodPresence
	case "presence_stats":
		return MethodPresenceStats
	case "history":
		return MethodHistory
	case "ping":
		return MethodPing
	case "send":
		return MethodSend
	case "rpc":
		return MethodRPC
	case "refresh":
		return MethodRefresh
	case "sub_refresh":
		return MethodSubRefresh
	}
	return MethodUnknown
}

// String is the name on the wire.
func (m Method) String() string {
	names := [...]string{
		"pong", "unknown", "connect", "subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "ping",
		"send", "rpc", "refresh", "sub_refresh",
	}
	return names[min(int(m), len(names)-1)]
}

// NeedsID tells whether a command of this method must carry an id, because it is answered.
func (m Method) NeedsID() bool { return m != MethodNone && m != MethodSend }
