//go:build !windows

package netpoll

import (
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll/upgrade"
)

// Stats is what a server has done since Listen and what it holds now. It is the sum over the loops, one after another,
// so its numbers are not of exactly one moment.
type Stats struct {
	Conns         int64 // connections now, those in a handshake of any kind included
	AtHTTP        int64 // connections at Server.HTTP now, which are not among Conns
	TLSHandshakes int64 // TLS handshakes in flight now
	Deciding      int64 // requests that wait for a decision now, see Endpoint.Decide
	Queued        int64 // bytes posted to loops that are not part of a broadcast yet
	Backlog       int64 // bytes that wait until their peers take them

	// BacklogMemory is the memory of the backlogs in bytes. A message that several connections of a loop wait for
	// counts once.
	BacklogMemory int64

	Accepted     int64 // connections
	AcceptErrors int64 // failed accepts, for want of descriptors or memory
	Upgraded     int64 // answered with 101
	Detached     int64 // given to Server.HTTP
	Refused4xx   int64 // requests that were answered with a status of 400 to 499
	Refused5xx   int64 // and of 500 to 599
	RefusedFor   [upgrade.NumCauses]int64
	// Closes counts connections by close code. The codes of RFC 6455, of the Centrifuge protocol and the first ones for
	// applications are counted by themselves; all others, of which a peer may choose among thousands, count as 0.
	Closes      map[frame.CloseCode]int64
	MessagesIn  int64 // text and binary messages received
	MessagesOut int64 // text and binary messages handed to connections, each member counted
	BytesIn     int64 // of all kinds, as the sockets gave them
	BytesOut    int64 // of all kinds, as the sockets took them
	Overflows   int64 // connections closed for MaxBacklog, MaxBacklogAge or MaxBacklogMemory
	Deferred    int64 // reads of which a part waited until other connections were served
	Dropped     int64 // droppable messages that were dropped
	Panics      int64 // in callbacks
	Refusals    Refusals
	Limits      Limits

	// The durations of the phases before a connection is open, each counted when it is over: Network is one round trip
	// as the kernel measured it; Waiting the time from then to accept (both on Linux only, Waiting in steps of the
	// kernel's clock of 1 to 10 ms); TLS the handshake; Upgrade the time from the end of the TLS handshake, or from
	// accept, to the 101.
	Network, Waiting, TLS, Upgrade Histogram
	// Transmit is the time from the Post of a message to a topic to the last member's write,
	// once for each broadcast, for its oldest message.
	Transmit Histogram
	// Closing is the time from our close frame to the end of the socket.
	Closing Histogram

	Loops []LoopStats
}

// LoopStats are the figures of one loop.
type LoopStats struct {
	// Busy is the time spent in turns since Listen, an estimate: the turns of sockets are
	// sampled.
	Busy time.Duration
	// Lag is how late the loop is: the largest of the delay of the last tick, the delay of the tick that is due, and
	// the wait of a function that is posted to the loop.
	Lag time.Duration
	// Lags are those of all ticks.
	Lags Histogram
	// SinceTick is the time since the loop handled a tick, or began to run. Negative before
	// Serve. A loop that does its work ticks every Server.Tick.
	SinceTick time.Duration
}

// Stats returns the figures of now. Any goroutine may call it at any time.
func (s *Server) Stats() Stats {
	st := s.engine.stats()
	st.AtHTTP, st.Deciding, st.Refusals = s.atHTTP.Load(), s.deciding.Load(), s.Refusals()
	return st
}

func (e *engine) stats() Stats {
	st := Stats{Conns: e.conns.Load(), Panics: e.panics.Load(), Closes: make(map[frame.CloseCode]int64)}
	if e.tlsHandshakes != nil {
		st.TLSHandshakes = e.tlsHandshakes.inFlight.Load()
	}
	for _, l := range e.running() {
		st.Queued += l.queued.Load()
		l.counters.addTo(&st)
		st.Loops = append(st.Loops, l.stats())
	}
	st.Overflows = st.Limits.MaxBacklog + st.Limits.MaxBacklogAge + st.Limits.MaxBacklogMemory
	return st
}

func (t *counters) addTo(st *Stats) {
	st.Backlog += t.backlog.Load()
	st.BacklogMemory += t.memory.Load()
	st.Accepted += t.accepted.Load()
	st.AcceptErrors += t.acceptErrors.Load()
	st.Upgraded += t.upgraded.Load()
	st.Detached += t.detached.Load()
	st.Refused4xx += t.refused4xx.Load()
	st.Refused5xx += t.refused5xx.Load()
	for i := range t.causes {
		st.RefusedFor[i] += t.causes[i].Load()
	}
	for i := range t.closes {
		if n := t.closes[i].Load(); n > 0 {
			st.Closes[closeCodeAt(i)] += n
		}
	}
	st.MessagesIn += t.messagesIn.past.Load()
	st.MessagesOut += t.messagesOut.past.Load()
	st.BytesIn += t.bytesIn.Load()
	st.BytesOut += t.bytesOut.Load()
	t.limits.addTo(&st.Limits)
	st.Dropped += t.dropped.Load()
	st.Deferred += t.deferred.Load()
	st.Network.Add(Histogram(t.network.Snapshot()))
	st.Waiting.Add(Histogram(t.waiting.Snapshot()))
	st.TLS.Add(Histogram(t.tls.Snapshot()))
	st.Upgrade.Add(Histogram(t.upgrade.Snapshot()))
	st.Transmit.Add(Histogram(t.transmit.Snapshot()))
	st.Closing.Add(Histogram(t.closing.Snapshot()))
}

func (l *Loop) stats() LoopStats {
	st := LoopStats{Busy: time.Duration(l.counters.busy.Load()), Lags: Histogram(l.counters.lags.Snapshot()), SinceTick: -1}
	st.Lag = time.Duration(l.counters.lag.Load())
	if l.ticking.Load() {
		st.Lag = max(st.Lag, l.engine.clock()-time.Duration(l.counters.tickSent.Load()))
	}
	st.Lag = max(st.Lag, l.currentLag())
	if at := l.counters.ticked.Load(); at > 0 {
		st.SinceTick = l.engine.clock() - time.Duration(at)
	}
	return st
}

// Stalled returns the indexes of the loops that run and have not handled a tick for d: something holds them up, usually
// a callback that blocks. Any goroutine may call it at any time.
func (s *Server) Stalled(d time.Duration) (loops []int) {
	for i, l := range s.engine.running() {
		if at := l.counters.ticked.Load(); at > 0 && s.engine.clock()-time.Duration(at) > d {
			loops = append(loops, i)
		}
	}
	return loops
}
