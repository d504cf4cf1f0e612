package protocol

// Method is the method of a command: the name of its one field beside the id.
type Method uint8

// The methods, in the order of the protocol's definition.
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

// String returns the name on the wire; "pong" for MethodNone.
func (m Method) String() string {
	names := [...]string{
		"pong", "unknown", "connect", "subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "ping",
		"send", "rpc", "refresh", "sub_refresh",
	}
	return names[min(int(m), len(names)-1)]
}

// NeedsID reports whether a command of this method must have an id, because it is answered.
func (m Method) NeedsID() bool { return m != MethodNone && m != MethodSend }
