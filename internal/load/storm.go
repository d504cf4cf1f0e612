package load

import (
	"fmt"
	"time"

	"github.com/throngd/throng/frame"
)

// storm drops everybody but the senders several times, and waits until all are back.
func (r *run) storm() {
	stop := r.speak()
	pause := r.o.Duration / time.Duration(r.o.Rounds+1)
	for round := range r.o.Rounds {
		r.pass(pause, fmt.Sprintf("calm %d", round+1))
		if r.over() {
			break
		}
		r.meet(fmt.Sprintf("storm %d", round+1), nil)
		r.strike(round + 1)
	}
	r.pass(pause, "calm")
	stop()
}

func (r *run) strike(round int) {
	before, began := r.counts(), time.Now()
	dropped := make(chan int64, len(r.workers))
	r.each(func(w *worker) { dropped <- w.scatter() })
	total := int64(0)
	for range r.workers {
		total += <-dropped
	}
	p := r.o.progress()
	p.Stage(fmt.Sprintf("storm %d", round), total)
	back := func() int64 { n := r.counts().opened - before.opened; p.Set(n, ""); return n }
	if !r.wait(func() bool { return back() >= total }, back, 2*r.o.Patience) {
		if !r.over() {
			r.fail(fmt.Errorf("storm %d: only %d of %d clients came back", round, back(), total))
		}
		return
	}
	r.report.Note(fmt.Sprintf("storm %d: %d clients were in their rooms again after %v", round, total, time.Since(began).Round(time.Millisecond)))
}

// scatter closes everybody who does not send.
func (w *worker) scatter() (n int64) {
	for i := range w.clients {
		if cl := &w.clients[i]; cl.state == present && cl.voice == nil {
			w.leave(cl)
			n++
		}
	}
	return n
}

// comeBack is what an SDK does: it connects again and resumes.
func comeBack(cl *client, was state, _ frame.CloseCode) {
	if was == leaving || was == present {
		cl.w.reopen(cl)
	}
}
