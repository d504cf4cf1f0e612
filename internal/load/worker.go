package load

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// worker owns the clients of one event loop. Everything but its counters belongs to the loop.
type worker struct {
	run      *run
	loop     *netpoll.Loop
	report   *report.Report // merged into the run's at the end
	clients  []client
	rooms    []room
	counters counters

	delivery *report.Histogram
	second   report.Histogram // of the current second

	rampBegan int64     // of the clock; 0: no ramp
	next      int       // index of the next client to be opened for the first time
	again     []*client // to be opened again
	opening   int
	paused    bool // no client is opened
	scheduled bool // openings wait until they are due

	senders  []*client
	schedule schedule
	scratch  []byte
	series   struct{ sent, delivered int64 } // at the end of the last second
	spare    []*client                       // connect: closed, until the next opening is due
	outcomes [behaviours]outcome             // of the clients that misbehave
	storm    stormRound                      // the current round

	kept, missed int // see MayKeep and MayMiss

	readers, reading int     // of histories: all, and those that are being read
	toRead           []*room // whose reading has not begun
}

func newWorker(r *run, loop *netpoll.Loop, segments []segment) *worker {
	w := &worker{run: r, loop: loop, report: r.newReport(), clients: make([]client, size(segments)), rooms: make([]room, len(segments))}
	w.delivery = w.report.Phases.Of(report.Delivery)
	n := 0
	for i, s := range segments {
		k := &w.rooms[i]
		k.init(w, s, w.clients[n:n+s.to-s.from])
		for m := range k.members {
			w.initClient(k, &k.members[m], s.from+m)
		}
		n += len(k.members)
	}
	rand.Shuffle(len(w.senders), func(i, j int) { w.senders[i], w.senders[j] = w.senders[j], w.senders[i] })
	return w
}

// initClient makes client number id: a plain member of its room, a sender, or one that misbehaves.
func (w *worker) initClient(k *room, cl *client, id int) {
	cl.w, cl.room, cl.ID, cl.Gone = w, k, uint32(id), true
	o := &w.run.o
	switch sends := k.sends(id, o.Senders); {
	case w.run.scenario.misbehave != nil && k.misbehaves(id, o.Share) && (!sends || o.Protocol == Echo):
		w.run.scenario.misbehave(cl)
		w.outcomes[cl.bad.how].all++
	case sends:
		cl.sender = new(sender)
		w.senders = append(w.senders, cl)
	}
}

func (w *worker) enterState(cl *client, s state) {
	cl.state, cl.began, cl.Gone = s, w.run.clock.now(), s == closed
}

// send sends one text message.
func (w *worker) send(cl *client, p []byte) {
	w.report.Counters.BytesOut += int64(len(p))
	if cl.bad != nil {
		cl.bad.send(p)
	} else if c := w.loop.Conn(cl.handle); c != nil {
		c.Send(frame.OpText, p)
	}
}

// leave closes a connection.
func (w *worker) leave(cl *client) {
	if cl.state == present {
		w.counters.open.Add(-1)
	}
	w.enterState(cl, closing)
	if cl.bad != nil {
		cl.bad.close()
	} else if c := w.loop.Conn(cl.handle); c != nil {
		c.Close(frame.CloseNormal, "")
	}
}

// closed handles the end of a connection that was upgraded.
func (w *worker) closed(cl *client, code frame.CloseCode, reason string) {
	was := cl.state
	w.forgetPending(cl)
	w.enterState(cl, closed)
	cl.handle = 0
	switch {
	case was == closing || w.run.ending.Load():
	case was == connecting || was == subscribing:
		w.openingFailed(cl, &closedError{code, printable(reason)})
	case was == present:
		w.counters.open.Add(-1)
		w.report.Counters.Disconnect(int(code))
		if cl.bad == nil || cl.bad.how == writesSlowly {
			w.run.noteLoss(&closedError{code, printable(reason)})
		}
		w.run.stopIfAllLost()
	}
	if f := w.run.scenario.closed; f != nil && !w.run.ending.Load() {
		f(cl, was, code)
	}
}

// forgetPending drops the publishes whose connection is closed: whether the server accepted them
// is unknown.
func (w *worker) forgetPending(cl *client) {
	if cl.sender != nil {
		w.counters.unanswered.Add(-int64(len(cl.sender.pending)))
		cl.sender.pending = nil
	}
}

// sweep ends the openings whose reply has not come within Options.Patience. It is called every few
// seconds.
func (w *worker) sweep() {
	if w.opening == 0 {
		return
	}
	overdue := w.run.clock.now() - int64(w.run.o.Patience)
	for i := range w.clients {
		cl := &w.clients[i]
		if (cl.state == connecting || cl.state == subscribing) && cl.began < overdue {
			w.giveUp(cl)
		}
	}
}

func (w *worker) giveUp(cl *client) {
	what := "connect"
	if cl.state == subscribing {
		what = "subscribe"
	}
	c := w.loop.Conn(cl.handle)
	cl.handle = 0
	w.openingFailed(cl, fmt.Errorf("%w to %s within %v", errNoAnswer, what, w.run.o.Patience))
	closeSilently(c)
}

// closeSilently closes a connection, which may be nil, whose client has been told already.
func closeSilently(c *netpoll.Conn) {
	if c != nil {
		c.SetContext(nil)
		c.Close(frame.CloseNormal, "")
	}
}

// endSecond writes one second of the series.
func (w *worker) endSecond(at int) {
	sent, delivered := w.counters.sent.Load(), w.counters.delivered.Load()
	w.report.Series.Add(report.NewSecond(at, w.counters.open.Load(), sent-w.series.sent, delivered-w.series.delivered, &w.second))
	w.series.sent, w.series.delivered = sent, delivered
	w.second.Reset()
}

// addTotals copies the counters into the report.
func (w *worker) addTotals() {
	c := &w.report.Counters
	c.Sent, c.Delivered = w.counters.sent.Load(), w.counters.delivered.Load()
	c.Pings = w.counters.pings.Load()
	c.Acknowledged = w.counters.answered.Load() - c.Refused
	c.Checked += c.Delivered
	if w.run.o.Protocol != Echo {
		c.Rooms = int64(w.run.o.Rooms)
	}
	if w.run.o.Protocol != Centrifuge {
		c.Acknowledged = 0
	}
}

func (w *worker) since(t int64) time.Duration { return time.Duration(w.run.clock.now() - t) }
