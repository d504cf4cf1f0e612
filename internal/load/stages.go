package load

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/throngd/throng/internal/load/oracle"
	"github.com/throngd/throng/internal/load/report"
)

// pollInterval is how often a stage that waits looks whether it may end.
const pollInterval = 20 * time.Millisecond

// wait returns when done says so, when the run is over, or when progress has not changed for
// patience. It reports whether done said so.
func (r *run) wait(done func() bool, progress func() int64, patience time.Duration) bool {
	before, since := progress(), time.Now()
	for !done() {
		select {
		case <-r.stopped:
			return false
		case <-time.After(pollInterval):
		}
		if now := progress(); now != before {
			before, since = now, time.Now()
		}
		if time.Since(since) > patience {
			return done()
		}
	}
	return true
}

// open opens all connections and waits until each client is in its room or has failed to get there.
func (r *run) open() {
	all := r.report.Asked
	p := r.o.progress()
	p.Stage(report.Open, all)
	stop := r.ramp()
	defer stop()
	r.each((*worker).open)
	done := func() bool { n := r.counts(); p.Set(n.attempted, r.traffic()); return n.attempted == all }
	if !r.wait(done, func() int64 { return r.counts().attempted + r.counts().opened }, r.openPatience()) && !r.over() {
		r.fail(fmt.Errorf("%d of %d connections were open after %v without progress", r.counts().opened, all, r.openPatience()))
	}
	if r.o.Protocol == Rooms {
		r.pause(roomsJoinDelay)
	}
	debug.FreeOSMemory() // of the dials: what the process has from here on is that of open connections
	r.barrier("open", nil)
}

// roomsJoinDelay is the time that a server with rooms in its URLs has between its 101 and the first
// message: most join the member after the response, and nothing announces that.
const roomsJoinDelay = 250 * time.Millisecond

// pause returns after d, or when the run is over.
func (r *run) pause(d time.Duration) {
	select {
	case <-r.stopped:
	case <-time.After(d):
	}
}

// openPatience is longer than all phases of one dial together may take.
func (r *run) openPatience() time.Duration { return 5*r.o.Patience + 2*time.Second + r.o.Ramp }

// barrier waits for the other processes and returns the sums of the values of all processes.
func (r *run) barrier(stage string, values []int64) []int64 {
	if r.over() {
		return values
	}
	sums, err := r.peers.barrier(stage, values, r.stopped)
	if err != nil {
		r.fail(err)
		return values
	}
	return sums
}

// talk sends messages by the schedule.
func (r *run) talk() {
	stop := r.startSending(r.o.Duration)
	r.pass(r.o.Duration, "talk")
	stop()
}

// startSending starts the schedules for that long; the returned function ends them.
func (r *run) startSending(d time.Duration) (stop func()) {
	r.sending.Store(true)
	senders := r.countSenders()
	until := r.clock.now() + int64(d)
	done := make(chan struct{})
	var pacers sync.WaitGroup
	for _, w := range r.workers {
		rate := r.o.Rate * float64(len(w.senders)) / float64(max(1, senders))
		w.loop.Do(func() { w.startSchedule(rate, until) })
		pacers.Go(func() { w.pace(done) })
	}
	began := time.Now()
	return func() {
		close(done)
		pacers.Wait()
		r.report.Talk = time.Since(began)
	}
}

// countSenders counts the senders of all processes.
func (r *run) countSenders() (n int) {
	for _, s := range plan(r.o.Connections, r.o.Rooms) {
		for id := s.from; id < s.to; id++ {
			if s.sends(id, r.o.Senders) || r.o.Scenario == "dribble" && s.misbehaves(id, r.o.Share) {
				n++
			}
		}
	}
	return n
}

// pass returns after d, or when the run is over, and shows the progress.
func (r *run) pass(d time.Duration, name string) {
	p := r.o.progress()
	p.Stage(name, int64(d/time.Millisecond))
	began := time.Now()
	end := time.After(d)
	for {
		select {
		case <-r.stopped:
			return
		case <-end:
			p.Set(int64(d/time.Millisecond), r.traffic())
			return
		case <-time.After(5 * pollInterval):
		}
		p.Set(int64(time.Since(began)/time.Millisecond), r.traffic())
	}
}

func (r *run) traffic() string {
	n := r.counts()
	return fmt.Sprintf("%d open, %d pings, %d sent, %d delivered", n.open, n.pings, n.sent, n.delivered)
}

// drain waits for the replies and deliveries that are still to come, and reports those that did
// not.
func (r *run) drain() {
	r.each(func(w *worker) { w.schedule.mean = 0 })
	patience := r.o.Patience // after so long without a delivery, what is missing counts as lost
	moves := func() int64 { return r.counts().delivered + r.counts().answered }
	p := r.o.progress()
	p.Stage("drain", 0)
	if r.interrupted() {
		time.Sleep(5 * pollInterval)
	} else {
		r.wait(func() bool { return r.counts().unanswered <= 0 }, moves, patience)
		want := r.barrier("talked", r.accepted())
		r.wait(func() bool { p.Set(0, r.traffic()); return r.quiet(moves) && r.complete(want) }, moves, patience)
		r.barrier("drained", nil)
	}
	r.each((*worker).audit)
}

func (r *run) interrupted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.Interrupted || r.failure != nil && r.over()
}

// quiet reports whether nothing has arrived for a moment, in which a repeated message would.
func (r *run) quiet(moves func() int64) bool {
	before := moves()
	time.Sleep(5 * pollInterval)
	return moves() == before
}

// accepted is the number of acknowledged messages of each room.
func (r *run) accepted() []int64 {
	n := make([]int64, r.o.Rooms)
	r.each(func(w *worker) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range w.clients {
			if s := w.clients[i].sender; s != nil {
				for _, a := range s.acks {
					if a.Is(oracle.Acked) {
						n[w.clients[i].room.room]++
					}
				}
			}
		}
	})
	return n
}

// complete reports whether all clients have all messages that were accepted.
func (r *run) complete(want []int64) bool {
	if r.o.Protocol == Echo {
		return true
	}
	complete := true
	r.each(func(w *worker) {
		ok := w.complete(want)
		r.mu.Lock()
		complete = complete && ok
		r.mu.Unlock()
	})
	return complete
}

func (w *worker) complete(want []int64) bool {
	for i := range w.clients {
		cl := &w.clients[i]
		if cl.state == present && cl.reads() && !cl.room.HasAll(&cl.Member, want[cl.room.room]) {
			return false
		}
	}
	return true
}

// reads reports whether the client is expected to receive everything.
func (cl *client) reads() bool {
	return (cl.bad == nil || cl.bad.how == writesSlowly) && (!cl.Unplaced() || cl.w.run.o.Protocol == Rooms)
}

// audit reports what each client should have received and did not.
func (w *worker) audit() {
	for i := range w.rooms {
		k := &w.rooms[i]
		last := k.Last()
		for m := range k.members {
			cl := &k.members[m]
			w.auditClient(cl, last)
			if cl.state == present && cl.bad == nil {
				k.MarkAttended()
			}
		}
	}
}

func (w *worker) auditClient(cl *client, last map[uint32]uint32) {
	k := cl.room
	k.ReportMissed(&cl.Member)
	if cl.state != present || w.run.interrupted() {
		return
	}
	w.auditPending(cl)
	if w.run.o.Protocol == Echo {
		return
	}
	if !cl.reads() {
		if cl.bad == nil {
			w.report.Skip("what clients missed that joined during the talk, or lost messages by the slow_consumer rule, and received nothing afterwards", "the server gives no positions")
		}
		return
	}
	k.ReportOutstanding(&cl.Member, last)
}

// auditPending reports the publishes, or the messages to an echo server, that were never answered.
func (w *worker) auditPending(cl *client) {
	if cl.sender == nil {
		return
	}
	kind := report.Silent
	if w.run.o.Protocol == Echo {
		kind = report.Lost
	}
	for _, p := range cl.sender.pending {
		e := oracle.Entry{Sender: cl.ID, Number: p.number}
		cl.room.Violate(&cl.Member, kind, e, fmt.Sprintf("%v was never answered", e.ID()))
	}
}
