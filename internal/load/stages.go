package load

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/throngd/throng/internal/load/report"
)

// look is how often a waiting stage looks.
const look = 20 * time.Millisecond

// wait looks until done says so, the run is over, or nothing has changed for patience. It reports
// whether done said so.
func (r *run) wait(done func() bool, progress func() int64, patience time.Duration) bool {
	before, since := progress(), time.Now()
	for !done() {
		select {
		case <-r.stopped:
			return false
		case <-time.After(look):
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

// open opens all connections and waits until each is in its room or could not be.
func (r *run) open() {
	all := r.report.Asked
	p := r.o.progress()
	p.Stage(report.Open, all)
	stop := r.ramp()
	defer stop()
	r.each((*worker).open)
	done := func() bool { n := r.counts(); p.Set(n.settled, r.traffic()); return n.settled == all }
	if !r.wait(done, func() int64 { return r.counts().settled + r.counts().opened }, r.openPatience()) && !r.over() {
		r.fail(fmt.Errorf("%d of %d connections were open after %v without progress", r.counts().opened, all, r.openPatience()))
	}
	if r.o.Protocol == Rooms {
		r.pause(entering)
	}
	debug.FreeOSMemory() // what opening took: from here on the crowd is measured by what it keeps
	r.meet("open", nil)
}

// entering is what a server whose rooms are in the URL has between its 101 and the first message: most put a member
// into the room behind the answer, and nothing tells when.
const entering = 250 * time.Millisecond

// pause lets time pass, less of it when the run is over.
func (r *run) pause(d time.Duration) {
	select {
	case <-r.stopped:
	case <-time.After(d):
	}
}

// openPatience is more than all phases of one dial together may take.
func (r *run) openPatience() time.Duration { return 5*r.o.Patience + 2*time.Second + r.o.Ramp }

// meet waits for the other processes and returns the sums of everybody's values.
func (r *run) meet(stage string, values []int64) []int64 {
	if r.over() {
		return values
	}
	sums, err := r.peers.meet(stage, values, r.stopped)
	if err != nil {
		r.fail(err)
		return values
	}
	return sums
}

// talk keeps the schedule.
func (r *run) talk() {
	stop := r.speak(r.o.Duration)
	r.pass(r.o.Duration, "talk")
	stop()
}

// speak starts the schedules for that long; the returned function ends them.
func (r *run) speak(d time.Duration) (stop func()) {
	r.spoken.Store(true)
	speakers := 0
	for _, s := range r.plan() {
		for id := s.from; id < s.to; id++ {
			if s.speaks(id, r.o.Senders) || r.o.Scenario == "dribble" && s.misbehaves(id, r.o.Share) {
				speakers++
			}
		}
	}
	until := r.clock.now() + int64(d)
	done := make(chan struct{})
	var pacers sync.WaitGroup
	for _, w := range r.workers {
		rate := r.o.Rate * float64(len(w.speakers)) / float64(max(1, speakers))
		w.loop.Do(func() { w.start(rate, until) })
		pacers.Go(func() { w.pace(done) })
	}
	began := time.Now()
	return func() {
		close(done)
		pacers.Wait()
		r.report.Talk = time.Since(began)
	}
}

// plan is that of all processes.
func (r *run) plan() []segment { return plan(r.o.Connections, r.o.Rooms) }

// pass lets time pass, with a bar.
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
		case <-time.After(5 * look):
		}
		p.Set(int64(time.Since(began)/time.Millisecond), r.traffic())
	}
}

func (r *run) traffic() string {
	n := r.counts()
	return fmt.Sprintf("%d open, %d pings, %d sent, %d delivered", n.open, n.pings, n.sent, n.delivered)
}

// drain waits for what is under way, and writes down what never came.
func (r *run) drain() {
	r.each(func(w *worker) { w.schedule.mean = 0 })
	patience := r.o.Patience // how long nothing comes until what is outstanding counts as lost
	moves := func() int64 { return r.counts().delivered + r.counts().answered }
	p := r.o.progress()
	p.Stage("drain", 0)
	if r.interrupted() {
		time.Sleep(5 * look)
	} else {
		r.wait(func() bool { return r.counts().unanswered <= 0 }, moves, patience)
		want := r.meet("talked", r.accepted())
		r.wait(func() bool { p.Set(0, r.traffic()); return r.quiet(moves) && r.complete(want) }, moves, patience)
		r.meet("drained", nil)
	}
	r.each((*worker).audit)
}

func (r *run) interrupted() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.Interrupted || r.failure != nil && r.over()
}

// quiet reports that nothing has moved for a moment, in which what comes twice would come.
func (r *run) quiet(moves func() int64) bool {
	before := moves()
	time.Sleep(5 * look)
	return moves() == before
}

// accepted is the number of acknowledged messages of each room, by its number.
func (r *run) accepted() []int64 {
	n := make([]int64, r.o.Rooms)
	r.each(func(w *worker) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range w.rooms {
			k := &w.rooms[i]
			for m := range k.members {
				if v := k.members[m].voice; v != nil {
					for _, a := range v.acks {
						if a.is(acked) {
							n[k.room]++
						}
					}
				}
			}
		}
	})
	return n
}

// complete reports whether everybody has all that was accepted.
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
	for i := range w.rooms {
		k := &w.rooms[i]
		for m := range k.members {
			if cl := &k.members[m]; cl.state == present && cl.reads() && !k.hasAll(cl, want[k.room]) {
				return false
			}
		}
	}
	return true
}

// hasAll reports whether a client has everything that others have, and that is all.
func (k *room) hasAll(cl *client, want int64) bool {
	if k.unordered.slot != nil {
		return k.heardAll(cl, want)
	}
	n := len(k.journal.entries)
	return int64(n) >= want && cl.pos >= uint64(n)
}

// reads reports whether the client is expected to get everything.
func (cl *client) reads() bool {
	return (cl.plain == nil || cl.plain.how == dribbles) && (!cl.has(unplaced) || cl.w.run.o.Protocol == Rooms)
}

// audit writes down what each client should have got and did not.
func (w *worker) audit() {
	for i := range w.rooms {
		k := &w.rooms[i]
		most := k.heardMost()
		for m := range k.members {
			w.auditClient(k, &k.members[m], most)
		}
		k.attended()
	}
}

func (w *worker) auditClient(k *room, cl *client, most map[uint32]uint32) {
	for _, e := range k.missed[cl.id] {
		k.fault(cl, report.Lost, e, fmt.Sprintf("%v did not come, others got it", e.id()))
	}
	if cl.state != present || w.run.interrupted() {
		return
	}
	if cl.voice != nil {
		for _, p := range cl.voice.pending {
			kind := report.Silent
			if w.run.o.Protocol == Echo {
				kind = report.Lost
			}
			k.fault(cl, kind, entry{0, cl.id, p.number}, fmt.Sprintf("%v was never answered", id{cl.id, p.number}))
		}
	}
	if w.run.o.Protocol == Echo {
		return
	}
	if !cl.reads() {
		if cl.plain == nil {
			w.report.Skip("whether those got everything who came while others spoke, or were told that messages were dropped, and have heard nothing since", "the server gives no positions")
		}
		return
	}
	k.auditUnordered(cl, most)
	for _, e := range k.journal.entries[min(cl.pos, uint64(len(k.journal.entries))):] {
		k.fault(cl, report.Lost, e, fmt.Sprintf("%v did not come, others got it", e.id()))
	}
}

// attended notes whether somebody was in the room until the end.
func (k *room) attended() {
	for m := range k.members {
		if k.members[m].state == present && k.members[m].plain == nil {
			k.journal.attended = true
		}
	}
}
