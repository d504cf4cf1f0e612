package load

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// Scenario storm: everybody but the senders drops at once and comes back, several times. The first
// way back begins at once, for all the same; one that fails is tried again as the Centrifuge SDKs
// do it: after a growing time, and not at all if the server says so.

// The delays between two tries (minReconnectDelay and maxReconnectDelay of the SDKs).
const (
	minDelay = 500 * time.Millisecond
	maxDelay = 20 * time.Second
)

// backoff is the delay after so many tries that failed: exponential with full jitter, as in
// centrifuge-js (function backoff) and centrifuge-go.
func backoff(failed int) time.Duration {
	interval := rand.N(min(maxDelay, minDelay<<min(failed-1, 31)) + 1)
	return min(maxDelay, minDelay+interval)
}

// drop is one round as one worker sees it. All but away belongs to the loop.
type drop struct {
	began   int64
	absent  map[*client]int // dropped and not back yet: how often its way back has failed
	away    atomic.Int64    // len(absent)
	barred  atomic.Int64    // of them, told not to come again
	back    report.Histogram
	retries int64
	reason  error // why a way back failed, the last time
}

func (r *run) storm() {
	stop := r.speak(math.MaxInt64 / 2) // until it is stopped: also while they are away, for as long as that takes
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

// strike is one round: all drop, and this process waits until all of its own are back.
func (r *run) strike(round int) {
	total := int64(0)
	r.each(func(w *worker) {
		n := w.scatter()
		r.mu.Lock()
		defer r.mu.Unlock()
		total += n
	})
	p := r.o.progress()
	p.Stage(fmt.Sprintf("storm %d", round), total)
	end := time.Now().Add(r.o.BackWithin)
	over := func() bool {
		away, barred := r.absent()
		p.Set(total-away, "")
		return away == barred || time.Now().After(end)
	}
	if !r.wait(over, func() int64 { return int64(time.Since(r.started)) }, r.o.BackWithin) {
		return
	}
	r.tellStorm(round, total)
}

// absent counts those who have dropped and are not back, and those of them who may not come back.
func (r *run) absent() (away, barred int64) {
	for _, w := range r.workers {
		away += w.drop.away.Load()
		barred += w.drop.barred.Load()
	}
	return away, barred
}

// tellStorm says how the round went, and fails the run if somebody is missing.
func (r *run) tellStorm(round int, total int64) {
	back, retries, reason := new(report.Histogram), int64(0), error(nil)
	r.each(func(w *worker) {
		r.mu.Lock()
		defer r.mu.Unlock()
		back.Merge(&w.drop.back)
		retries += w.drop.retries
		reason = cmp.Or(reason, w.drop.reason)
	})
	away, barred := r.absent()
	if away > 0 {
		within := ""
		if away > barred {
			within = fmt.Sprintf(" within %v", r.o.BackWithin)
		}
		// The absent stay absent: what their next try comes to is part of this storm, not an opening of its own.
		r.fail(stormError(reason, fmt.Sprintf("storm %d: %d of %d clients did not come back%s", round, away, total, within)))
		return
	}
	text := fmt.Sprintf("storm %d: of %d clients 95 %% were back in their rooms after %v, all after %v", round, total,
		back.Quantile(0.95).Round(time.Millisecond), back.Max().Round(time.Millisecond))
	if retries > 0 {
		text += fmt.Sprintf("; %d ways back failed and were tried again", retries)
	}
	r.report.Note(text)
}

func stormError(reason error, text string) error {
	if reason == nil {
		return clierr.Errorf("--back-within gives them longer", "%s", text)
	}
	hint := "--back-within gives them longer"
	var e *clierr.Error
	if errors.As(reason, &e) && e.Hint != "" {
		hint = e.Hint
	}
	return clierr.Errorf(hint, "%s: %w", text, reason)
}

// scatter closes everybody who does not send, and counts them.
func (w *worker) scatter() int64 {
	d := &w.drop
	d.began, d.absent, d.retries, d.reason = w.run.clock.now(), map[*client]int{}, 0, nil
	d.back.Reset()
	for i := range w.clients {
		if cl := &w.clients[i]; cl.state == present && cl.voice == nil {
			d.absent[cl] = 0
			w.leave(cl)
		}
	}
	d.away.Store(int64(len(d.absent)))
	d.barred.Store(0)
	return d.away.Load()
}

// comeBack is what an SDK does: it connects again and resumes.
func comeBack(cl *client, was state, _ frame.CloseCode) {
	if was == leaving || was == present {
		cl.w.reopen(cl)
	}
}

// returned is a client in its room: perhaps it was away.
func (w *worker) returned(cl *client) {
	d := &w.drop
	if _, was := d.absent[cl]; was {
		delete(d.absent, cl)
		d.away.Add(-1)
		took := w.since(d.began)
		d.back.Record(took)
		w.report.Phases.Record(report.Back, took)
	}
}

// tryAgain takes care of a client whose way back has failed; false if it is none of those.
func (w *worker) tryAgain(cl *client, err, explained error) bool {
	d := &w.drop
	failed, was := d.absent[cl]
	if !was {
		return false
	}
	d.reason = explained
	if !mayComeAgain(err) {
		d.barred.Add(1)
		return true
	}
	failed++
	d.absent[cl] = failed
	d.retries++
	w.report.Counters.Retries++
	time.AfterFunc(backoff(failed), func() { w.loop.Do(func() { w.queue(cl) }) })
	return true
}

// mayComeAgain is the rule of the SDKs: close codes from 3500 to 3999 and from 4500 to 4999 end it
// for good, as do errors of connect and subscribe that are not temporary; anything else is tried
// again (docs/protocol.md).
func mayComeAgain(err error) bool {
	var gone *closedError
	var no *refusal
	switch {
	case errors.As(err, &gone):
		return gone.code < 3500 || gone.code >= 4000 && gone.code < 4500 || gone.code >= 5000
	case errors.As(err, &no):
		return no.code < 100 || no.temporary
	}
	return true
}
