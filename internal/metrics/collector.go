package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Snapshot is the state of the server at one scrape.
type Snapshot struct {
	Network netpoll.Stats
	Edge    edge.Stats
	Rooms   room.Stats

	Version     string // of this program
	LogDropped  int64  // lines of the log
	AdminClosed int64  // connections of the admin port above its limit
	Reloads     Reloads
}

// Reloads are the reloads of the configuration by result.
type Reloads struct {
	Applied  int64 // everything that can change at run time
	Partly   int64 // except for parts with a mistake
	Refused  int64
	TimedOut int64
}

// Source returns a Snapshot. Any goroutine may call it.
type Source func() Snapshot

// Collector is a prometheus.Collector over a Source.
type Collector struct {
	src     Source
	process *process // nil: the collector of the library is used
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for i := range families {
		ch <- families[i].desc
	}
	if c.process != nil {
		for _, d := range processDescs {
			ch <- d
		}
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	snap := c.src()
	for i := range families {
		families[i].collect(&snap, ch)
	}
	if c.process != nil {
		c.process.collect(ch, snap.Network.Conns)
	}
}
