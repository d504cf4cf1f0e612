package edge

import (
	"time"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
)

// loop is what the sessions of one event loop share. Only that loop touches it, but for out and counters.
type loop struct {
	edge      *Edge
	index     int
	out       *netpoll.Loop
	reader    jsonwire.Reader
	reply     []byte                       // scratch of replies
	requests  map[*session]*UpgradeRequest // of those that have not connected, if somebody wants them
	begun     map[*session]time.Time       // of the sessions that began while the log took debug lines
	admission admission
	counters  counters
}

// keepRequest keeps what was known of a session from its request until dropRequest.
func (l *loop) keepRequest(s *session, f *UpgradeRequest) {
	if l.requests == nil {
		l.requests = make(map[*session]*UpgradeRequest)
	}
	l.requests[s] = f
}

func (l *loop) dropRequest(s *session) {
	if delete(l.requests, s); len(l.requests) == 0 {
		l.requests = nil // a wave of connections must not leave its map behind
	}
}

// onTimer closes a session whose time is over: for its connect command, or of its identity.
func (e *Edge) onTimer(c *netpoll.Conn) {
	s, ok := c.Context().(*session)
	switch {
	case !ok:
	case s.state == opened:
		s.loop.counters.stale.Add(1)
		s.disconnect(c, protocol.DisconnectStale)
	case s.state == connected:
		s.disconnect(c, protocol.DisconnectExpired)
	}
}
