package metrics

import (
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
	"github.com/throngd/throng/room"
)

// Snapshot is what a scrape sees.
type Snapshot struct {
	Network netpoll.Stats
	Edge    edge.Stats
	Rooms   room.Stats

	Version     string // of this program
	LogDropped  int64  // lines of the log
	AdminClosed int64  // connections of the admin port that were too many
	Reloads     Reloads
}

// Reloads are those of the configuration by what became of them.
type Reloads struct {
	Applied  int64 // all that can change at run time
	Partly   int64 // but for parts with a mistake
	Refused  int64
	TimedOut int64
}

// Source gives a Snapshot. Any goroutine may call it.
type Source func() Snapshot

// Collector is a prometheus.Collector over a Source.
type Collector struct {
	src     Source
	process *process // nil where the library's collector of the process is used
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descs {
		ch <- d
	}
	if c.process != nil {
		for _, d := range processDescs {
			ch <- d
		}
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	snap, o := c.src(), out(ch)
	o.network(&snap.Network)
	o.traffic(&snap.Network)
	o.chat(&snap.Edge, &snap.Rooms)
	o.gauge(buildInfo, 1, snap.Version, runtime.Version())
	o.counter(logDropped, snap.LogDropped)
	o.counter(reloads, snap.Reloads.Applied, "applied")
	o.counter(reloads, snap.Reloads.Partly, "partly")
	o.counter(reloads, snap.Reloads.Refused, "refused")
	o.counter(reloads, snap.Reloads.TimedOut, "timeout")
	o.limits(&snap)
	o.loops(snap.Network.Loops)
	o.times(&snap.Network, &snap.Edge)
	if c.process != nil {
		c.process.collect(o, snap.Network.Conns)
	}
}

// out is where a scrape writes.
type out chan<- prometheus.Metric

func (o out) gauge(d *prometheus.Desc, v float64, labels ...string) {
	o <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (o out) counter(d *prometheus.Desc, n int64, labels ...string) {
	o <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

// histogram turns buckets that stand by themselves into cumulative ones.
func (o out) histogram(d *prometheus.Desc, h netpoll.Histogram, labels ...string) {
	buckets, sum := make(map[float64]uint64, len(h.Buckets)), uint64(0)
	for i, n := range h.Buckets {
		sum += uint64(n)
		if i < len(h.Buckets)-1 {
			buckets[h.Bound(i).Seconds()] = sum
		}
	}
	o <- prometheus.MustNewConstHistogram(d, sum, h.Sum.Seconds(), buckets, labels...)
}

func (o out) network(n *netpoll.Stats) {
	o.gauge(connections, float64(n.Conns))
	o.gauge(atHTTP, float64(n.AtHTTP))
	o.gauge(handshakes, float64(n.TLSHandshakes))
	o.counter(accepted, n.Accepted)
	o.counter(acceptErrors, n.AcceptErrors)
	o.refusals(&n.Refusals)
	o.counter(requests, n.Upgraded, "upgraded")
	o.counter(requests, n.Detached, "http")
	o.counter(requests, n.Refused[4], "refused_4xx")
	o.counter(requests, n.Refused[5], "refused_5xx")
	for why, count := range n.RefusedFor {
		o.counter(refusedFor, count, upgrade.Cause(why).String())
	}
	for code, count := range n.Closes {
		o.counter(disconnects, count, codeLabel(int(code)))
	}
	o.counter(overflows, n.Overflows)
	o.counter(panics, n.Panics)
}

// codeLabel is a code as a label; 0 stands for all that are not counted by themselves.
func codeLabel(code int) string {
	if code == 0 {
		return "other"
	}
	return strconv.Itoa(code)
}

func (o out) refusals(r *netpoll.Refusals) {
	o.counter(notAdmitted, r.Full, "connections")
	o.counter(notAdmitted, r.Lagging, "lag")
	o.counter(notAdmitted, r.PerIP, "ip")
	o.counter(notAdmitted, r.PerIPRate, "ip_rate")
	o.counter(notAdmitted, r.TLSHandshakes, "handshakes")
	o.counter(notAdmitted, r.BadProxy, "proxy_header")
	o.counter(notAdmitted, r.Displaced, "displaced")
	o.counter(acceptPauses, r.Paced)
}

func (o out) traffic(n *netpoll.Stats) {
	o.gauge(queueBytes, float64(n.Queued))
	o.gauge(backlogBytes, float64(n.Backlog))
	o.gauge(backlogMem, float64(n.BacklogMemory))
	o.counter(messages, n.MessagesIn, "in")
	o.counter(messages, n.MessagesOut, "out")
	o.counter(bytes, n.BytesIn, "in")
	o.counter(bytes, n.BytesOut, "out")
	o.counter(dropped, n.Dropped)
	o.counter(deferred, n.Deferred)
}

func (o out) chat(e *edge.Stats, r *room.Stats) {
	o.gauge(sessions, float64(e.Sessions))
	o.counter(commands, e.Commands)
	for code, n := range e.ErrorCodes {
		o.counter(commandErrors, n, codeLabel(int(code)))
	}
	o.counter(limited, e.Limited)
	o.gauge(rooms, float64(r.Rooms))
	o.gauge(members, float64(r.Members))
	o.gauge(forgotten, float64(r.Forgotten))
	o.gauge(historyBytes, float64(r.HistoryBytes))
	o.gauge(waiting, float64(r.Waiting), "room")
	o.gauge(waiting, float64(r.InFlight), "log")
	o.gauge(waiting, float64(r.Leaving), "leave")
	o.counter(refused, r.Refused)
	o.counter(published, r.Messages)
	o.counter(gaps, r.Gaps)
}

func (o out) loops(loops []netpoll.LoopStats) {
	var lags netpoll.Histogram
	for i, l := range loops {
		o <- prometheus.MustNewConstMetric(loopBusy, prometheus.CounterValue, l.Busy.Seconds(), strconv.Itoa(i))
		o.gauge(loopLag, l.Lag.Seconds(), strconv.Itoa(i))
		lags.Add(l.Lags)
	}
	o.histogram(tickLag, lags)
}

func (o out) times(n *netpoll.Stats, e *edge.Stats) {
	o.histogram(connectTime, n.Network, "network")
	o.histogram(connectTime, n.Waiting, "waiting")
	o.histogram(connectTime, n.TLS, "tls")
	o.histogram(connectTime, n.Upgrade, "upgrade")
	o.histogram(sendTime, e.Encode, "encode")
	o.histogram(sendTime, n.Transmit, "transmit")
	o.histogram(closeTime, n.Closing)
}
