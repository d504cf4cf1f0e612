package load

import (
	"math/rand/v2"
	"time"
)

// schedule says when the messages of one worker are due. By default it is a Poisson process, which is what many senders
// make that know nothing of each other; otherwise the messages are due at equal distances. It waits for nobody.
// A server that is slow does not slow it down, so nothing is left out of the latencies
// (coordinated omission).
type schedule struct {
	mean  float64 // nanoseconds between two messages; 0: none are sent
	due   int64   // the next
	until int64
	turn  int                  // of the speakers
	fire  func(due, now int64) // what is due
}

// start begins to talk: rate messages a second until then.
func (w *worker) start(rate float64, until int64) {
	w.schedule = schedule{until: until, fire: w.say}
	if rate > 0 && (len(w.speakers) > 0 || w.run.o.Scenario == "connect") {
		w.schedule.mean = 1e9 / rate
		w.schedule.due = w.run.clock.now()
		w.later()
	}
}

// later is when the next message is due.
func (w *worker) later() {
	pause := 1.0
	if w.run.o.Schedule == Poisson {
		pause = rand.ExpFloat64()
	}
	w.schedule.due += int64(pause * w.schedule.mean)
}

// talk sends everything that is due and returns when the next message is; 0: never.
func (w *worker) talk() int64 {
	s := &w.schedule
	if s.mean == 0 {
		return 0
	}
	for now := w.run.clock.now(); s.due <= now; {
		if s.due >= s.until {
			s.mean = 0
			return 0
		}
		s.fire(s.due, now)
		w.later()
	}
	return s.due
}

// say lets the next speaker who is there say something.
func (w *worker) say(due, now int64) {
	for range w.speakers {
		cl := w.speakers[w.schedule.turn]
		w.schedule.turn = (w.schedule.turn + 1) % len(w.speakers)
		if cl.state == present {
			w.publish(cl, due, now)
			return
		}
	}
	w.report.Counters.Error("a message was due and none of its senders was connected")
}

// late is from when on a message counts as sent too late by the load tester itself.
const late = 10 * time.Millisecond

func (w *worker) publish(cl *client, due, now int64) {
	v := cl.voice
	m := body{run: w.run.id, sender: cl.id, number: uint32(len(v.acks) + 1), due: due}
	w.scratch = w.scratch[:0]
	state := unanswered
	switch w.run.o.Protocol {
	case Centrifuge:
		w.scratch = appendPublish(w.scratch, cl.room.name, m, w.run.escaped)
	case Rooms: // nobody acknowledges: what was sent must come
		state = acked
		fallthrough
	default:
		w.scratch = m.append(w.scratch, w.run.filling)
	}
	v.acks = append(v.acks, state)
	if state == unanswered {
		v.pending = append(v.pending, pending{number: m.number, due: due, sent: now})
		w.tally.unanswered.Add(1)
	}
	w.tally.sent.Add(1)
	if time.Duration(now-due) > late {
		w.report.Counters.Late++
	}
	w.send(cl, w.scratch)
}

// pace wakes the worker whenever something is due, until stop is closed. It sleeps on a goroutine
// of its own, since a loop's ticks are too coarse.
func (w *worker) pace(stop <-chan struct{}) {
	next := make(chan int64, 1)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
			w.loop.Do(func() { next <- w.talk() })
		case due := <-next:
			if due == 0 {
				return
			}
			timer.Reset(max(50*time.Microsecond, -w.since(due)))
		}
	}
}

// finish closes the books of the counters that are kept in the tally.
func (w *worker) finish() {
	c := &w.report.Counters
	c.Sent, c.Delivered = w.tally.sent.Load(), w.tally.delivered.Load()
	c.Pings = w.tally.pings.Load()
	c.Acknowledged = w.tally.answered.Load() - c.Refused
	c.Checked += c.Delivered
	if w.run.o.Protocol != Echo {
		c.Rooms = int64(w.run.o.Rooms)
	}
	if w.run.o.Protocol != Centrifuge {
		c.Acknowledged = 0
	}
}
