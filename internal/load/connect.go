package load

import (
	"sync"
	"time"

	"github.com/throngd/throng/frame"
)

// Scenario connect: a client leaves as soon as it is in its room, and the next opening follows: at
// once, or when it is due by --rate.

func connectStages(r *run) []stage { return []stage{{"connect", r.connect, false}} }

func (r *run) connect() {
	until := r.clock.now() + int64(r.o.Duration)
	done := make(chan struct{})
	var pacers sync.WaitGroup
	for _, w := range r.workers {
		if r.o.Rate == 0 {
			w.loop.Do(w.open)
			continue
		}
		rate := r.o.Rate * float64(len(w.clients)) / float64(r.o.Connections)
		w.loop.Do(func() {
			w.scheduled = true
			w.startSchedule(rate, until)
			w.schedule.fire = w.openDue
		})
		pacers.Go(func() { w.pace(done) })
	}
	r.pass(r.o.Duration, "connect")
	close(done)
	pacers.Wait()
	r.each(func(w *worker) { w.paused = true })
	r.wait(func() bool { return r.opening() == 0 }, func() int64 { return r.counts().opened }, r.o.Patience)
	r.mu.Lock()
	r.report.Asked = max(r.counts().opened, r.counts().attempted)
	r.mu.Unlock()
}

// opening is the number of connections that are being opened.
func (r *run) opening() int {
	n := make(chan int, len(r.workers))
	r.each(func(w *worker) { n <- w.opening })
	sum := 0
	for range r.workers {
		select {
		case k := <-n:
			sum += k
		default:
		}
	}
	return sum
}

// openDue opens one more connection.
func (w *worker) openDue(due, now int64) {
	if time.Duration(now-due) > maxLate {
		w.report.Counters.Late++
	}
	if n := len(w.spare); n > 0 {
		cl := w.spare[n-1]
		w.spare = w.spare[:n-1]
		w.dial(cl)
		return
	}
	if w.next == len(w.clients) {
		w.report.Counters.Error("a connection was due and all were still being opened: more --connections")
		return
	}
	w.next++
	w.dial(&w.clients[w.next-1])
}

func leaveAtOnce(cl *client) { cl.w.leave(cl) }

// openNext opens a client that has left again, or keeps it until an opening is due.
func openNext(cl *client, was state, _ frame.CloseCode) {
	w := cl.w
	switch {
	case was != closing || w.paused:
	case w.run.o.Rate > 0:
		w.spare = append(w.spare, cl)
	default:
		w.reopen(cl)
	}
}
