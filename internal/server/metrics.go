package server

import (
	"fmt"
	"net/http"
	"time"

	"github.com/throngd/throng/internal/metrics"
)

// stallTime is how long a loop may miss its tick, which comes every second,
// before it counts as ill.
const stallTime = 2 * time.Second

// Health is an error when an event loop has not ticked in the last two
// seconds. Any goroutine may call it at any time.
func (s *Server) Health() error {
	if loops := s.poll.Stalled(stallTime); len(loops) > 0 {
		return fmt.Errorf("event loops %v have not ticked for %v", loops, stallTime)
	}
	return nil
}

// Metrics answers scrapes of Prometheus. own adds what the process counts itself.
func (s *Server) Metrics(own func(*metrics.Snapshot)) http.Handler {
	return metrics.Handler(func() metrics.Snapshot {
		snap := metrics.Snapshot{Network: s.poll.Stats(), Edge: s.edge.Stats(), Rooms: s.edge.Hub().Stats()}
		own(&snap)
		return snap
	})
}
