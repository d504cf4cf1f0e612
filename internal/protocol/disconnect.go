package protocol

// Disconnect ends a connection. Code and Reason are those of the WebSocket close frame.
type Disconnect struct {
	Code   uint16
	Reason string
}

// Error returns the reason. A handler of a command returns a *Disconnect to have the connection closed.
func (d *Disconnect) Error() string { return d.Reason }

// Reconnect reports whether the SDKs reconnect after this code, see [Reconnects].
func (d *Disconnect) Reconnect() bool { return Reconnects(d.Code) }

// Reconnects reports whether an SDK reconnects after a close code. The range of the code decides. Codes below 3000 are
// those of the transport: the SDK reconnects after all of them except 1009 (message too big).
func Reconnects(code uint16) bool {
	switch {
	case code < 3000:
		return code != 1009
	case code < 3500:
		return true
	default:
		return code >= 4000 && code < 4500
	}
}

// The disconnect codes of the protocol.
var (
	DisconnectConnectionClosed    = &Disconnect{3000, "connection closed"}
	DisconnectShutdown            = &Disconnect{3001, "shutdown"}
	DisconnectServerError         = &Disconnect{3004, "internal server error"}
	DisconnectExpired             = &Disconnect{3005, "connection expired"}
	DisconnectSubExpired          = &Disconnect{3006, "subscription expired"}
	DisconnectSlow                = &Disconnect{3008, "slow"}
	DisconnectWriteError          = &Disconnect{3009, "write error"}
	DisconnectInsufficientState   = &Disconnect{3010, "insufficient state"}
	DisconnectForceReconnect      = &Disconnect{3011, "force reconnect"}
	DisconnectNoPong              = &Disconnect{3012, "no pong"}
	DisconnectTooManyRequests     = &Disconnect{3013, "too many requests"}
	DisconnectStateInvalidated    = &Disconnect{3014, "state invalidated"}
	DisconnectInvalidToken        = &Disconnect{3500, "invalid token"}
	DisconnectBadRequest          = &Disconnect{3501, "bad request"}
	DisconnectStale               = &Disconnect{3502, "stale"}
	DisconnectForceNoReconnect    = &Disconnect{3503, "force disconnect"}
	DisconnectConnectionLimit     = &Disconnect{3504, "connection limit"}
	DisconnectChannelLimit        = &Disconnect{3505, "channel limit"}
	DisconnectInappropriateFormat = &Disconnect{3506, "inappropriate protocol"}
	DisconnectPermissionDenied    = &Disconnect{3507, "permission denied"}
	DisconnectNotAvailable        = &Disconnect{3508, "not available"}
	DisconnectTooManyErrors       = &Disconnect{3509, "too many errors"}
)

// Disconnects returns every disconnect of the protocol in ascending order of code, for documentation and tests.
func Disconnects() []*Disconnect {
	return []*Disconnect{
		DisconnectConnectionClosed, DisconnectShutdown, DisconnectServerError, DisconnectExpired, DisconnectSubExpired,
		DisconnectSlow, DisconnectWriteError, DisconnectInsufficientState, DisconnectForceReconnect, DisconnectNoPong,
		DisconnectTooManyRequests, DisconnectStateInvalidated, DisconnectInvalidToken, DisconnectBadRequest,
		DisconnectStale, DisconnectForceNoReconnect, DisconnectConnectionLimit, DisconnectChannelLimit,
		DisconnectInappropriateFormat, DisconnectPermissionDenied, DisconnectNotAvailable, DisconnectTooManyErrors,
	}
}

// Unsubscribe ends one subscription by decision of the server. The SDKs subscribe again after codes from 2500 on.
type Unsubscribe struct {
	Code   uint32
	Reason string
}

// The unsubscribe codes that throng sends.
var (
	UnsubscribeInsufficientState = &Unsubscribe{2500, "insufficient state"}
)
