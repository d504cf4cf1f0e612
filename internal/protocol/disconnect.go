package protocol

// Disconnect ends a connection: Code and Reason travel in the WebSocket close frame.
type Disconnect struct {
	Code   uint16
	Reason string
}

// Error makes a Disconnect usable as the error of a handler that wants the connection closed.
func (d *Disconnect) Error() string { return d.Reason }

// Reconnect tells whether the SDKs come back after this code: the ranges decide, not the single numbers.
func (d *Disconnect) Reconnect() bool { return Reconnects(d.Code) }

// Reconnects tells whether an SDK that sees this close code connects again. Codes below 3000 are transport codes:
// the SDK reconnects after all of them but 1009 (message too big), which stops it for good.
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

// Disconnects lists every disconnect of the protocol by rising code, for documentation and tests.
func Disconnects() []*Disconnect {
	return []*Disconnect{
		DisconnectConnectionClosed, DisconnectShutdown, DisconnectServerError, DisconnectExpired, DisconnectSubExpired,
		DisconnectSlow, DisconnectWriteError, DisconnectInsufficientState, DisconnectForceReconnect, DisconnectNoPong,
		DisconnectTooManyRequests, DisconnectStateInvalidated, DisconnectInvalidToken, DisconnectBadRequest,
		DisconnectStale, DisconnectForceNoReconnect, DisconnectConnectionLimit, DisconnectChannelLimit,
		DisconnectInappropriateFormat, DisconnectPermissionDenied, DisconnectNotAvailable, DisconnectTooManyErrors,
	}
}

// Unsubscribe ends one subscription from the server's side. From 2500 on the SDK subscribes again by itself.
type Unsubscribe struct {
	Code   uint32
	Reason string
}

// The unsubscribe codes of the protocol.
var (
	UnsubscribeServer            = &Unsubscribe{2000, "server unsubscribe"}
	UnsubscribeInsufficientState = &Unsubscribe{2500, "insufficient state"}
	UnsubscribeExpired           = &Unsubscribe{2501, "subscription expired"}
	UnsubscribeStateInvalidated  = &Unsubscribe{2502, "state invalidated"}
)
