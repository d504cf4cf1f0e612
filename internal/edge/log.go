package edge

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Events of a connection are logged at debug under its client id, which the SDKs show to their applications. Names of users
// and rooms, tokens, messages and the close reason of a client are never logged. Successful commands are not logged. Without
// debug an event costs one comparison.

// debugEnabled reports whether debug lines are logged at the moment.
func (e *Edge) debugEnabled() bool {
	return e.cfg.Log != nil && e.cfg.Log.Enabled(context.Background(), slog.LevelDebug)
}

// clientID is the attribute for the client id.
func clientID(i *room.Info) slog.Attr {
	return slog.String("client", protocol.ClientID(i.Client).String())
}

// logOpened also keeps the time, for the duration in logClosed.
func (s *session) logOpened(c *netpoll.Conn) {
	l := s.loop
	if !l.edge.debugEnabled() {
		return
	}
	if l.opened == nil {
		l.opened = map[*session]time.Time{}
	}
	l.opened[s] = time.Now()
	l.edge.cfg.Log.Debug("connection opened", clientID(&s.info), "address", remote(c.RemoteAddr()))
}

func remote(a netip.AddrPort) string {
	if !a.IsValid() {
		return "unix socket"
	}
	return a.String()
}

func (s *session) logConnected() {
	if e := s.loop.edge; e.debugEnabled() {
		e.cfg.Log.Debug("connected", clientID(&s.info), "anonymous", s.info.User == "")
	}
}

// logClosed logs the protocol's text for the close code, since the reason may be the client's.
func (s *session) logClosed(code frame.CloseCode) {
	l := s.loop
	opened, known := l.opened[s]
	if delete(l.opened, s); len(l.opened) == 0 {
		l.opened = nil // a map never shrinks
	}
	if !l.edge.debugEnabled() {
		return
	}
	args := []any{clientID(&s.info), "code", int(code), "reason", reasonOf(code)}
	if known {
		args = append(args, "duration", time.Since(opened).Round(time.Millisecond).String())
	}
	l.edge.cfg.Log.Debug("disconnected", args...)
}

// reasonOf describes a close code.
func reasonOf(code frame.CloseCode) string {
	for _, d := range protocol.Disconnects() {
		if d.Code == uint16(code) {
			return d.Reason
		}
	}
	switch code {
	case frame.CloseNormal:
		return "normal closure"
	case frame.CloseGoingAway:
		return "going away"
	case frame.CloseNoStatus:
		return "no status"
	case frame.CloseAbnormal:
		return "no closing handshake"
	case frame.CloseProtocol:
		return "protocol error"
	case frame.CloseInvalidData:
		return "invalid data"
	case frame.ClosePolicy:
		return "policy violation"
	case frame.CloseTooBig:
		return "message too big"
	case frame.CloseInternal:
		return "internal error"
	}
	return ""
}

// commandName is the name of the command for an operation of a room.
func commandName(op room.Op) string {
	switch op {
	case room.Join:
		return "subscribe"
	case room.Leave:
		return "unsubscribe"
	case room.Publish:
		return "publish"
	case room.History:
		return "history"
	case room.Presence:
		return "presence"
	case room.PresenceStats:
		return "presence_stats"
	}
	return ""
}

// logRefused logs an error reply. Any goroutine may call it.
func (e *Edge) logRefused(i *room.Info, command string, err *protocol.Error) {
	if i != nil && e.debugEnabled() {
		e.cfg.Log.Debug("command refused", clientID(i), "command", command, "code", int(err.Code))
	}
}
