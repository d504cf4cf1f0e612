package load

import (
	"fmt"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// scenario is what one does beside opening, talking and checking. Its functions are called on the
// client's loop; nil does nothing.
type scenario struct {
	misbehave func(cl *client)                                  // makes one of the share
	present   func(cl *client)                                  // is in its room
	closed    func(cl *client, was state, code frame.CloseCode) // has lost its connection
	stages    func(r *run) []stage                              // instead of the usual ones
}

func scenarioOf(name string) scenario {
	switch name {
	case "idle":
		return scenario{stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {report.Keep, r.keep, false}, {"broadcast", r.broadcast, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "connect":
		return scenario{stages: connectStages, present: hangUp, closed: comeAgain}
	case "storm":
		return scenario{closed: comeBack, stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {"storm", r.storm, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "stall":
		return scenario{misbehave: misbehaveAs(stalls), present: stopReading, closed: goneFor, stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {"talk", r.talk, false}, {"resume", r.resume, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "half-open":
		return scenario{misbehave: halfOpen, closed: goneFor, stages: func(r *run) []stage {
			return []stage{{report.Open, r.open, false}, {"hold", r.hold, false}, {"broadcast", r.broadcast, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
		}}
	case "dribble":
		return scenario{misbehave: dribble}
	}
	return scenario{}
}

// keep lets the connections be, and watches them.
func (r *run) keep() {
	r.each((*worker).unping)
	r.pass(r.o.Duration, report.Keep)
}

// unping begins anew to count who has had a ping.
func (w *worker) unping() {
	for i := range w.clients {
		w.clients[i].clear(pinged)
	}
	w.tally.pinged.Store(0)
}

// broadcast sends one message into each room, which must reach everybody; from each client of
// an echo server one.
func (r *run) broadcast() {
	r.meet("kept", nil)
	r.spoken.Store(true)
	r.each(func(w *worker) {
		now := w.run.clock.now()
		for _, cl := range w.speakers {
			if cl.state == present && (int(cl.id) == cl.room.first || w.run.o.Protocol == Echo) {
				w.publish(cl, now, now)
			}
		}
	})
}

func misbehaveAs(how behaviour) func(*client) {
	return func(cl *client) { cl.plain = newPlain(cl, how) }
}

// dribble makes a client that talks, a byte at a time.
func dribble(cl *client) {
	cl.plain = newPlain(cl, dribbles)
	cl.voice = new(voice)
	cl.w.speakers = append(cl.w.speakers, cl)
}

func stopReading(cl *client) {
	if cl.plain != nil {
		cl.plain.pause()
	}
}

// goneFor counts a client that misbehaves and whose connection the server has ended.
func goneFor(cl *client, was state, code frame.CloseCode) {
	if cl.plain == nil || was != present {
		return
	}
	h := &cl.w.halves[cl.plain.how]
	h.ended++
	h.longest = max(h.longest, time.Since(cl.w.run.started))
	cl.w.tally.gone.Add(1)
}

// half is how clients of one behaviour fared.
type half struct {
	all, ended int
	longest    time.Duration
}

// resume has those who stopped reading read what is left, until the server ends them or nothing
// comes any more.
func (r *run) resume() {
	r.each(func(w *worker) {
		for i := range w.clients {
			if p := w.clients[i].plain; p != nil {
				p.resume()
			}
		}
	})
	r.wait(func() bool { return false }, func() int64 { return r.counts().delivered + r.counts().gone }, min(time.Second, r.o.Patience))
	r.noteHalves()
}

// halfOpen makes one of four kinds in turn; without the Centrifuge protocol an upgraded client
// that says nothing is a good one, as is one in its room.
func halfOpen(cl *client) {
	kinds := []behaviour{connects, hesitates, idles, ignores}
	if cl.w.run.o.Protocol != Centrifuge {
		kinds = []behaviour{connects, hesitates, ignores}
	}
	how := kinds[int(cl.id)%len(kinds)]
	cl.plain = newPlain(cl, how)
	if how == ignores {
		cl.set(mute)
	}
}

// hold waits until the server has ended every half-open connection, for as long as the run lasts.
func (r *run) hold() {
	total := int64(0)
	for _, w := range r.workers {
		for _, h := range w.halves {
			total += int64(h.all)
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
	if left := r.noteHalves(); left > 0 && !r.over() {
		r.failLater(clierr.Errorf("its bounds on headers, on the first command and on pongs; or a longer --duration",
			"%d of %d half-open connections were still open after %v", left, total, r.o.Duration))
	}
}

// noteHalves says how each behaviour fared, and returns how many connections were left.
func (r *run) noteHalves() (left int) {
	var sum [behaviours]half
	r.each(func(w *worker) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, h := range w.halves {
			sum[i].all += h.all
			sum[i].ended += h.ended
			sum[i].longest = max(sum[i].longest, h.longest)
		}
	})
	for i, h := range sum {
		if h.all > 0 {
			text := fmt.Sprintf("of %d clients that %s, %d were ended by the server", h.all, behaviour(i), h.ended)
			if h.ended > 0 {
				text += fmt.Sprintf(", the last after %v", h.longest.Round(time.Millisecond))
			}
			r.report.Note(text)
			left += h.all - h.ended
		}
	}
	return left
}

// failLater is fail for what does not end the run.
func (r *run) failLater(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setFailure(wholeRun, err)
}
