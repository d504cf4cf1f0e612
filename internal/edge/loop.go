package edge

import (
	"time"

	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/netpoll"
)

// loop is the state that the sessions of one event loop share. Only that loop touches it, except for out and counters.
type loop struct {
	edge      *Edge
	index     int
	out       *netpoll.Loop
	reader    jsonwire.Reader
	reply     []byte                       // scratch of replies
	requests  map[*session]*UpgradeRequest // of connections without a connect command, if there is an Authenticator
	opened    map[*session]time.Time       // of sessions that began while debug lines were logged
	admission admission
	counters  counters
}

// keepRequest keeps the request of a session until dropRequest.
func (l *loop) keepRequest(s *session, r *UpgradeRequest) {
	if l.requests == nil {
		l.requests = make(map[*session]*UpgradeRequest)
	}
	l.requests[s] = r
}

func (l *loop) dropRequest(s *session) {
	if delete(l.requests, s); len(l.requests) == 0 {
		l.requests = nil // a map never shrinks
	}
}
