package load

import (
	"slices"
	"sync"
	"time"

	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// opensAtOnce is the number of clients of one loop that are being opened at the same time: that
// have been dialed and are not in their rooms yet.
const opensAtOnce = 256

// open dials as many clients as may be opened at the same time.
func (w *worker) open() {
	for w.opening < opensAtOnce && !w.paused && !w.scheduled && !w.run.over() {
		cl := w.nextToOpen()
		if cl == nil {
			return
		}
		w.dial(cl)
	}
}

func (w *worker) nextToOpen() *client {
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

// mayOpen is the number of clients that may have been opened for the first time by now.
func (w *worker) mayOpen() int {
	ramp := w.run.o.Ramp
	if ramp == 0 || w.rampBegan == 0 || w.since(w.rampBegan) >= ramp {
		return len(w.clients)
	}
	return max(w.next, int(int64(len(w.clients))*int64(w.since(w.rampBegan))/int64(ramp)))
}

// rampStep is the time after which more clients may be opened.
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

// reopen opens a client again, after those that wait already.
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
	if cl.bad != nil {
		cl.bad.start(d)
		return
	}
	if err := w.loop.Dial(d, cl); err != nil {
		w.openingFailed(cl, err)
	}
}

// openingEnded notes the end of an opening, successful or not.
func (w *worker) openingEnded(cl *client) {
	w.opening--
	if !cl.has(attempted) {
		cl.set(attempted)
		w.counters.attempted.Add(1)
	}
	w.open()
}

func (w *worker) openingFailed(cl *client, err error) {
	w.enterState(cl, closed)
	if w.run.ending.Load() {
		return
	}
	w.report.Counters.FailedDials++
	e := w.run.explain(err)
	w.report.Counters.Error(e.Error())
	if !w.retryLater(cl, err, e) {
		w.run.noteRefusal(e)
	}
	w.openingEnded(cl)
}

// upgraded handles the response 101 to the upgrade request.
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
	first := w.run.connectCommand
	if w.run.o.OneFrame {
		first = slices.Concat(first, []byte{'\n'}, cl.subscribe())
	}
	w.send(cl, first)
}

// subscribe is the command with which a client joins its room, or recovers what it missed.
func (cl *client) subscribe() []byte {
	if cl.Resumable {
		return recoverCommand(cl.room.Name, cl.room.epoch, cl.offset)
	}
	return subscribeCommand(cl.room.Name)
}

// present notes that a client is in its room.
func (w *worker) present(cl *client) {
	w.enterState(cl, present)
	w.counters.opened.Add(1)
	w.report.Opened = max(w.report.Opened, w.counters.open.Add(1))
	w.noteReturn(cl)
	w.openingEnded(cl)
	if f := w.run.scenario.present; f != nil {
		f(cl)
	}
}
