package load

import (
	"slices"
	"sync"
	"time"

	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// The way of a client into its room, a few at the same time.

// opensAtOnce is how many clients of one loop are on their way into their rooms.
const opensAtOnce = 256

// open dials as many as may be on their way.
func (w *worker) open() {
	for w.opening < opensAtOnce && !w.paused && !w.scheduled && !w.run.over() {
		cl := w.pick()
		if cl == nil {
			return
		}
		w.dial(cl)
	}
}

func (w *worker) pick() *client {
	if n := len(w.again); n > 0 {
		cl := w.again[0]
		w.again = w.again[1:]
		return cl
	}
	if w.next == w.mayOpen() {
		return nil
	}
	w.next++
	return &w.clients[w.next-1]
}

// mayOpen is how many clients may have been opened for the first time by now.
func (w *worker) mayOpen() int {
	ramp := w.run.o.Ramp
	if ramp == 0 || w.rampBegan == 0 || w.since(w.rampBegan) >= ramp {
		return len(w.clients)
	}
	return max(w.next, int(int64(len(w.clients))*int64(w.since(w.rampBegan))/int64(ramp)))
}

// rampStep is the distance between two looks at who may be opened.
const rampStep = 10 * time.Millisecond

// ramp opens the clients over Options.Ramp, until the returned function is called.
func (r *run) ramp() (stop func()) {
	if r.o.Ramp == 0 {
		return func() {}
	}
	r.each(func(w *worker) { w.rampBegan = r.clock.now() })
	done := make(chan struct{})
	var ticks sync.WaitGroup
	ticks.Go(func() {
		t := time.NewTicker(rampStep)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
			}
			for _, w := range r.workers {
				w.loop.Do(w.open)
			}
		}
	})
	return func() { close(done); ticks.Wait() }
}

// reopen opens a client again, when it is its turn.
func (w *worker) reopen(cl *client) {
	w.report.Counters.Reconnects++
	w.queue(cl)
}

func (w *worker) queue(cl *client) {
	w.again = append(w.again, cl)
	w.open()
}

func (w *worker) dial(cl *client) {
	w.opening++
	w.report.Counters.Dials++
	w.enterState(cl, dialing)
	d := w.run.dialers.of(cl)
	if cl.plain != nil {
		cl.plain.start(d)
		return
	}
	if err := w.loop.Dial(d, cl); err != nil {
		w.failed(cl, err)
	}
}

// landed is the end of an opening.
func (w *worker) landed(cl *client) {
	w.opening--
	if !cl.has(wasPresent) {
		cl.set(wasPresent)
		w.tally.settled.Add(1)
	}
	w.open()
}

// failed is an opening that came to nothing.
func (w *worker) failed(cl *client, err error) {
	w.enterState(cl, away)
	if w.run.ending.Load() {
		return
	}
	w.report.Counters.FailedDials++
	e := w.run.explain(err)
	w.report.Counters.Error(e.Error())
	if !w.tryAgain(cl, err, e) {
		w.run.refused(e)
	}
	w.landed(cl)
}

// upgraded is the 101.
func (w *worker) upgraded(cl *client, t netpoll.DialTimes) {
	p := &w.report.Phases
	p.Record(report.Connect, t.Connect+t.TLS+t.Upgrade)
	if w.run.o.Scenario == "connect" {
		w.second.Record(t.Connect + t.TLS + t.Upgrade) // Report.LatencyOf
	}
	p.Record(report.TCP, t.Connect)
	if t.TLS > 0 {
		p.Record(report.TLS, t.TLS)
	}
	p.Record(report.HTTP, t.Upgrade)
	if w.run.o.Protocol != Centrifuge {
		w.present(cl)
		cl.room.enter(cl, 0, false)
		return
	}
	w.enterState(cl, connecting)
	hello := w.run.hello
	if w.run.o.OneFrame {
		hello = slices.Concat(hello, []byte{'\n'}, cl.subscribe())
	}
	w.send(cl, hello)
}

// subscribe is the command by which a client enters its room, or comes back to it.
func (cl *client) subscribe() []byte {
	if cl.has(resumable) {
		return recoverCommand(cl.room.name, cl.room.epoch, cl.offset)
	}
	return subscribeCommand(cl.room.name)
}

// present is a client in its room.
func (w *worker) present(cl *client) {
	w.enterState(cl, present)
	w.tally.opened.Add(1)
	w.report.Opened = max(w.report.Opened, w.tally.open.Add(1))
	w.returned(cl)
	w.landed(cl)
	if f := w.run.scenario.present; f != nil {
		f(cl)
	}
}
