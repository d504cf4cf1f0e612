package edge

import (
	"time"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/codecs"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// loop is the state that the sessions of one event loop share. Only that loop touches it, except for out and counters.
type loop struct {
	edge       *Edge
	index      int
	out        *netpoll.Loop
	readers    [room.Forms]protocol.Reader
	publishing protocol.PublishRequest      // scratch: as a variable it would be on the heap, since readers are interfaces
	reply      []byte                       // scratch of replies
	requests   map[*session]*UpgradeRequest // of connections without a connect command, if there is an Authenticator
	opened     map[*session]time.Time       // of sessions that began while debug lines were logged
	admission  admission
	counters   counters
}

func newLoop(e *Edge) *loop {
	l := &loop{edge: e}
	for f := range l.readers {
		l.readers[f] = codecs.All[f].NewReader()
	}
	return l
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
