package load

import (
	"fmt"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// scenario is what differs between scenarios. Its functions are called on the client's loop; a nil
// one does nothing.
type scenario struct {
	misbehave func(cl *client)                                  // makes one of the share that misbehaves
	present   func(cl *client)                                  // the client is in its room
	closed    func(cl *client, was state, code frame.CloseCode) // its connection has ended
	stages    func(r *run) []stage                              // nil: open, talk, drain, history
}

func scenarioOf(name string) scenario {
	switch name {
	case "idle":
		return scenario{stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {report.Keep, r.keep, false}, {"broadcast", r.broadcast, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "connect":
		return scenario{stages: connectStages, present: leaveAtOnce, closed: openNext}
	case "storm":
		return scenario{closed: reconnect, stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {"storm", r.storm, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "stall":
		return scenario{misbehave: misbehaveAs(stopsReading), present: stopReading, closed: countEnded, stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {"talk", r.talk, false}, {"resume", r.resume, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "half-open":
		return scenario{misbehave: halfOpen, closed: countEnded, stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {"hold", r.hold, false}, {"broadcast", r.broadcast, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "dribble":
		return scenario{misbehave: dribble}
	}
	return scenario{}
}

// keep leaves the connections idle, and counts the clients that are pinged.
func (r *run) keep() {
	r.each((*worker).resetPinged)
	r.pass(r.o.Duration, report.Keep)
}

func (w *worker) resetPinged() {
	for i := range w.clients {
		w.clients[i].clear(pinged)
	}
	w.counters.pinged.Store(0)
}

// broadcast sends one message into each room, which must reach every member. With an echo server
// each client sends one.
func (r *run) broadcast() {
	r.barrier("kept", nil)
	r.sending.Store(true)
	r.each(func(w *worker) {
		now := w.run.clock.now()
		for _, cl := range w.senders {
			if cl.state == present && (int(cl.ID) == cl.room.first || w.run.o.Protocol == Echo) {
				w.publish(cl, now, now)
			}
		}
	})
}

func misbehaveAs(how behaviour) func(*client) {
	return func(cl *client) { cl.bad = newMisbehaver(cl, how) }
}

// dribble makes a client that sends messages, a byte at a time.
func dribble(cl *client) {
	cl.bad = newMisbehaver(cl, writesSlowly)
	cl.sender = new(sender)
	cl.w.senders = append(cl.w.senders, cl)
}

func stopReading(cl *client) {
	if cl.bad != nil {
		cl.bad.pause()
	}
}

// outcome is what became of the clients of one behaviour.
type outcome struct {
	all, ended int           // ended: by the server
	longest    time.Duration // from the start of the run to the end of the last of them
}

// countEnded counts a client that misbehaves and whose connection the server has ended.
func countEnded(cl *client, was state, _ frame.CloseCode) {
	if cl.bad == nil || was != present {
		return
	}
	o := &cl.w.outcomes[cl.bad.how]
	o.ended++
	o.longest = max(o.longest, time.Since(cl.w.run.started))
	cl.w.counters.gone.Add(1)
}

// resume has the clients that stopped reading read what the server still sends, until it ends them
// or nothing more arrives.
func (r *run) resume() {
	r.each(func(w *worker) {
		for i := range w.clients {
			if p := w.clients[i].bad; p != nil {
				p.resume()
			}
		}
	})
	r.wait(func() bool { return false }, func() int64 { return r.counts().delivered + r.counts().gone }, min(time.Second, r.o.Patience))
	r.reportOutcomes()
}

// halfOpen makes clients of four behaviours in turn. Without the Centrifuge protocol there are three:
// a client that upgrades and sends nothing is in its room.
func halfOpen(cl *client) {
	kinds := []behaviour{onlyConnects, sendsHalfRequest, onlyUpgrades, ignoresPings}
	if cl.w.run.o.Protocol != Centrifuge {
		kinds = []behaviour{onlyConnects, sendsHalfRequest, ignoresPings}
	}
	how := kinds[int(cl.ID)%len(kinds)]
	cl.bad = newMisbehaver(cl, how)
	if how == ignoresPings {
		cl.set(noPong)
	}
}

// hold waits until the server has ended every half-open connection, for as long as the run lasts.
func (r *run) hold() {
	total := int64(0)
	for _, w := range r.workers {
		for _, o := range w.outcomes {
			total += int64(o.all)
		}
	}
	p := r.o.progress()
	p.Stage("hold", total)
	end := time.Now().Add(r.o.Duration)
	r.wait(func() bool {
		n := r.counts().gone
		p.Set(n, fmt.Sprintf("%d of %d half-open connections were ended", n, total))
		return n >= total || time.Now().After(end)
	}, func() int64 { return int64(time.Since(r.started)) }, r.o.Duration)
	if left := r.reportOutcomes(); left > 0 && !r.over() {
		r.failAtEnd(clierr.Errorf("the server's time limits for headers, the first command and pongs; or a longer --duration",
			"%d of %d half-open connections were still open after %v", left, total, r.o.Duration))
	}
}

// reportOutcomes notes what became of the clients of each behaviour, and returns the number of
// connections that are still open.
func (r *run) reportOutcomes() (left int) {
	var sum [behaviours]outcome
	r.each(func(w *worker) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, o := range w.outcomes {
			sum[i].all += o.all
			sum[i].ended += o.ended
			sum[i].longest = max(sum[i].longest, o.longest)
		}
	})
	for i, o := range sum {
		if o.all == 0 {
			continue
		}
		text := fmt.Sprintf("of %d clients that %s, %d were ended by the server", o.all, behaviour(i), o.ended)
		if o.ended > 0 {
			text += fmt.Sprintf(", the last after %v", o.longest.Round(time.Millisecond))
		}
		r.report.Note(text)
		left += o.all - o.ended
	}
	return left
}
