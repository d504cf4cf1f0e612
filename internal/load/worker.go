package load

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// worker is the clients of one loop. Everything but the tally belongs to the loop.
type worker struct {
	run     *run
	loop    *netpoll.Loop
	report  *report.Report // a part of the run's
	clients []client
	rooms   []room
	tally   tally

	delivery *report.Histogram
	second   report.Histogram // of the second that runs

	rampBegan int64     // of the clock; 0: no ramp
	next      int       // of clients, the next one to be opened for the first time
	again     []*client // to be opened again
	opening   int
	paused    bool // nobody is opened
	scheduled bool // openings wait until they are due

	speakers []*client
	schedule schedule
	scratch  []byte
	counted  struct{ sent, delivered int64 } // at the last second
	spare    []*client                       // connect: closed, until the next opening is due
	halves   [behaviours]half                // those who misbehave: how it ended
	drop     drop                            // storm: the round that runs

	kept, missed int // see keeps and misses

	readers, reading int     // of histories: all, and those under way
	toRead           []*room // whose reading has not begun
}

func newWorker(r *run, loop *netpoll.Loop, segments []segment) *worker {
	w := &worker{run: r, loop: loop, report: r.newReport(), clients: make([]client, size(segments)), rooms: make([]room, len(segments))}
	w.delivery = w.report.Phases.Of(report.Delivery)
	n := 0
	for i, s := range segments {
		k := &w.rooms[i]
		name := r.o.roomName(r.id, s.room)
		*k = room{segment: s, name: name, push: pushOf(name), members: w.clients[n : n+s.to-s.from]}
		for m := range k.members {
			w.settle(k, &k.members[m], s.from+m)
		}
		n += len(k.members)
		if r.o.Protocol == Rooms {
			k.unordered.begin(k, r.o.Senders)
		}
	}
	rand.Shuffle(len(w.speakers), func(i, j int) { w.speakers[i], w.speakers[j] = w.speakers[j], w.speakers[i] })
	return w
}

// settle makes client number id.
func (w *worker) settle(k *room, cl *client, id int) {
	cl.w, cl.room, cl.id = w, k, uint32(id)
	o := &w.run.o
	switch speaks := k.speaks(id, o.Senders); {
	case w.run.scenario.misbehave != nil && k.misbehaves(id, o.Share) && (!speaks || o.Protocol == Echo):
		w.run.scenario.misbehave(cl)
		w.halves[cl.plain.how].all++
	case speaks:
		cl.voice = new(voice)
		w.speakers = append(w.speakers, cl)
	}
}

func (w *worker) enterState(cl *client, s state) { cl.state, cl.began = s, w.run.clock.now() }

// send sends one text message.
func (w *worker) send(cl *client, p []byte) {
	w.report.Counters.BytesOut += int64(len(p))
	if cl.plain != nil {
		cl.plain.send(p)
	} else if c := w.loop.Conn(cl.handle); c != nil {
		c.Send(frame.OpText, p)
	}
}

// leave closes a connection.
func (w *worker) leave(cl *client) {
	if cl.state == present {
		w.tally.open.Add(-1)
	}
	w.enterState(cl, leaving)
	if cl.plain != nil {
		cl.plain.close()
	} else if c := w.loop.Conn(cl.handle); c != nil {
		c.Close(frame.CloseNormal, "")
	}
}

// closed is the end of a connection that was upgraded.
func (w *worker) closed(cl *client, code frame.CloseCode, reason string) {
	was := cl.state
	w.abandon(cl)
	w.enterState(cl, away)
	cl.handle = 0
	switch {
	case was == leaving || w.run.ending.Load():
	case was == connecting || was == joining:
		w.failed(cl, &closedError{code, said(reason)})
	case was == present:
		w.tally.open.Add(-1)
		w.report.Counters.Disconnect(int(code))
		if cl.plain == nil || cl.plain.how == dribbles {
			w.run.lost(&closedError{code, said(reason)})
		}
		w.run.desert()
	}
	if f := w.run.scenario.closed; f != nil && !w.run.ending.Load() {
		f(cl, was, code)
	}
}

// abandon lets the publishes go whose connection is gone: what came of them is unknown.
func (w *worker) abandon(cl *client) {
	if cl.voice != nil {
		w.tally.unanswered.Add(-int64(len(cl.voice.pending)))
		cl.voice.pending = nil
	}
}

// sweep gives up on those whose answer does not come. It is called now and then.
func (w *worker) sweep() {
	if w.opening == 0 {
		return
	}
	late := w.run.clock.now() - int64(w.run.o.Patience)
	for i := range w.clients {
		cl := &w.clients[i]
		if (cl.state == connecting || cl.state == joining) && cl.began < late {
			w.silent(cl)
		}
	}
}

func (w *worker) silent(cl *client) {
	what := "connect"
	if cl.state == joining {
		what = "subscribe"
	}
	c := w.loop.Conn(cl.handle)
	cl.handle = 0
	w.failed(cl, fmt.Errorf("%w to %s within %v", errSilent, what, w.run.o.Patience))
	if c != nil {
		c.SetContext(nil)
		c.Close(frame.CloseNormal, "")
	}
}

// tick ends a second of the series.
func (w *worker) tick(at int) {
	sent, delivered := w.tally.sent.Load(), w.tally.delivered.Load()
	w.report.Series.Add(report.NewSecond(at, w.tally.open.Load(), sent-w.counted.sent, delivered-w.counted.delivered, &w.second))
	w.counted.sent, w.counted.delivered = sent, delivered
	w.second.Reset()
}

func (w *worker) since(t int64) time.Duration { return time.Duration(w.run.clock.now() - t) }
