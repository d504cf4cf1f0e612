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

// Scenario storm: all clients but the senders disconnect at once and reconnect, several times. The
// first attempt to reconnect begins at once. One that fails is repeated as the Centrifuge SDKs do
// it: after a growing delay, and not at all if the server says so.

// The bounds of the delay between two attempts (minReconnectDelay and maxReconnectDelay of the SDKs).
const (
	minDelay = 500 * time.Millisecond
	maxDelay = 20 * time.Second
)

// backoff is the delay after so many attempts that failed: exponential with full jitter, as in
// centrifuge-js (function backoff) and centrifuge-go.
func backoff(failed int) time.Duration {
	interval := rand.N(min(maxDelay, minDelay<<min(failed-1, 31)) + 1)
	return min(maxDelay, minDelay+interval)
}

// stormRound is one round as one worker sees it. All but the atomics belongs to the loop.
type stormRound struct {
	began        int64
	attempts     map[*client]int // of the clients that are not back yet: how many attempts have failed
	disconnected atomic.Int64    // len(attempts)
	barred       atomic.Int64    // of them, those that the server has told not to reconnect
	took         report.Histogram
	retries      int64
	reason       error // why the last attempt that failed did so
}

func (r *run) storm() {
	stop := r.startSending(math.MaxInt64 / 2) // until it is stopped: a round may take any time
	pause := r.o.Duration / time.Duration(r.o.Rounds+1)
	for round := range r.o.Rounds {
		r.pass(pause, fmt.Sprintf("calm %d", round+1))
		if r.over() {
			break
		}
		r.barrier(fmt.Sprintf("storm %d", round+1), nil)
		r.stormRound(round + 1)
	}
	r.pass(pause, "calm")
	stop()
}

// stormRound disconnects all clients but the senders, and waits until those of this process are back.
func (r *run) stormRound(round int) {
	total := int64(0)
	r.each(func(w *worker) {
		n := w.disconnectAll()
		r.mu.Lock()
		defer r.mu.Unlock()
		total += n
	})
	p := r.o.progress()
	p.Stage(fmt.Sprintf("storm %d", round), total)
	end := time.Now().Add(r.o.BackWithin)
	over := func() bool {
		disconnected, barred := r.disconnected()
		p.Set(total-disconnected, "")
		return disconnected == barred || time.Now().After(end)
	}
	if !r.wait(over, func() int64 { return int64(time.Since(r.started)) }, r.o.BackWithin) {
		return
	}
	r.reportRound(round, total)
}

// disconnected counts the clients that are not back, and those of them that may not reconnect.
func (r *run) disconnected() (all, barred int64) {
	for _, w := range r.workers {
		all += w.storm.disconnected.Load()
		barred += w.storm.barred.Load()
	}
	return all, barred
}

// reportRound notes how long a round took, and fails the run if a client is missing.
func (r *run) reportRound(round int, total int64) {
	took, retries, reason := new(report.Histogram), int64(0), error(nil)
	r.each(func(w *worker) {
		r.mu.Lock()
		defer r.mu.Unlock()
		took.Merge(&w.storm.took)
		retries += w.storm.retries
		reason = cmp.Or(reason, w.storm.reason)
	})
	missing, barred := r.disconnected()
	if missing > 0 {
		within := ""
		if missing > barred {
			within = fmt.Sprintf(" within %v", r.o.BackWithin)
		}
		// Later attempts of these clients belong to this round; they do not count as openings that failed.
		r.fail(stormError(reason, fmt.Sprintf("storm %d: %d of %d clients did not come back%s", round, missing, total, within)))
		return
	}
	text := fmt.Sprintf("storm %d: of %d clients 95 %% were back in their rooms after %v, all after %v", round, total,
		took.Quantile(0.95).Round(time.Millisecond), took.Max().Round(time.Millisecond))
	if retries > 0 {
		text += fmt.Sprintf("; %d attempts to reconnect failed and were repeated", retries)
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

// disconnectAll closes all clients that do not send, and counts them.
func (w *worker) disconnectAll() int64 {
	s := &w.storm
	s.began, s.attempts, s.retries, s.reason = w.run.clock.now(), map[*client]int{}, 0, nil
	s.took.Reset()
	for i := range w.clients {
		if cl := &w.clients[i]; cl.state == present && cl.sender == nil {
			s.attempts[cl] = 0
			w.leave(cl)
		}
	}
	s.disconnected.Store(int64(len(s.attempts)))
	s.barred.Store(0)
	return s.disconnected.Load()
}

// reconnect opens a client again whose connection has ended.
func reconnect(cl *client, was state, _ frame.CloseCode) {
	if was == closing || was == present {
		cl.w.reopen(cl)
	}
}

// noteReturn notes that a client is in its room, if it was disconnected by the storm.
func (w *worker) noteReturn(cl *client) {
	s := &w.storm
	if _, was := s.attempts[cl]; was {
		delete(s.attempts, cl)
		s.disconnected.Add(-1)
		took := w.since(s.began)
		s.took.Record(took)
		w.report.Phases.Record(report.Back, took)
	}
}

// retryLater schedules another attempt of a client whose attempt to reconnect has failed. It
// reports false for a client that was not disconnected by the storm.
func (w *worker) retryLater(cl *client, err, explained error) bool {
	s := &w.storm
	failed, was := s.attempts[cl]
	if !was {
		return false
	}
	s.reason = explained
	if !mayReconnect(err) {
		s.barred.Add(1)
		return true
	}
	failed++
	s.attempts[cl] = failed
	s.retries++
	w.report.Counters.Retries++
	time.AfterFunc(backoff(failed), func() { w.loop.Do(func() { w.queue(cl) }) })
	return true
}

// mayReconnect is the rule of the SDKs: after close codes from 3500 to 3999 and from 4500 to 4999
// and after errors of connect and subscribe that are not temporary a client does not reconnect;
// after anything else it does (docs/protocol.md).
func mayReconnect(err error) bool {
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
