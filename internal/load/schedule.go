package load

import (
	"math/rand/v2"
	"time"

	"github.com/throngd/throng/internal/load/oracle"
)

// schedule says when the messages of one worker are due. By default the times are a Poisson process,
// which is what many independent senders produce; otherwise the messages are due at equal distances.
// A slow server does not delay the schedule, so its delays are part of the latencies (no coordinated
// omission).
type schedule struct {
	mean  float64 // nanoseconds between two messages; 0: none are sent
	due   int64   // of the next message
	until int64
	turn  int                  // index in worker.senders
	fire  func(due, now int64) // sends the messages that are due
}

// startSchedule begins to send rate messages a second until that time.
func (w *worker) startSchedule(rate float64, until int64) {
	w.schedule = schedule{until: until, fire: w.sendNext}
	if rate > 0 && (len(w.senders) > 0 || w.run.o.Scenario == "connect") {
		w.schedule.mean = 1e9 / rate
		w.schedule.due = w.run.clock.now()
		w.setNextDue()
	}
}

// setNextDue sets when the next message is due.
func (w *worker) setNextDue() {
	pause := 1.0
	if w.run.o.Schedule == Poisson {
		pause = rand.ExpFloat64()
	}
	w.schedule.due += int64(pause * w.schedule.mean)
}

// sendDue sends everything that is due. It returns when the next message is, 0 after the last one.
func (w *worker) sendDue() int64 {
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
		w.setNextDue()
	}
	return s.due
}

// sendNext sends a message of the next sender that is connected.
func (w *worker) sendNext(due, now int64) {
	for range w.senders {
		cl := w.senders[w.schedule.turn]
		w.schedule.turn = (w.schedule.turn + 1) % len(w.senders)
		if cl.state == present {
			w.publish(cl, due, now)
			return
		}
	}
	w.report.Counters.Error("a message was due and none of its senders was connected")
}

// maxLate is the delay from which on a message counts as sent late by the load tester itself.
const maxLate = 10 * time.Millisecond

func (w *worker) publish(cl *client, due, now int64) {
	s := cl.sender
	m := body{run: w.run.id, sender: cl.ID, number: uint32(len(s.acks) + 1), due: due}
	w.scratch = w.scratch[:0]
	ack := oracle.Ack(0)
	switch w.run.o.Protocol {
	case Centrifuge:
		w.scratch = appendPublish(w.scratch, cl.room.Name, m, w.run.escaped)
	case Rooms: // the server acknowledges nothing: all that was sent must arrive
		ack = oracle.Acked
		fallthrough
	default:
		w.scratch = m.append(w.scratch, w.run.filling)
	}
	s.acks = append(s.acks, ack)
	if ack == 0 {
		s.pending = append(s.pending, pending{number: m.number, due: due, sent: now})
		w.counters.unanswered.Add(1)
	}
	w.counters.sent.Add(1)
	if time.Duration(now-due) > maxLate {
		w.report.Counters.Late++
	}
	w.send(cl, w.scratch)
}

// pace wakes the worker whenever a message is due, until stop is closed. It sleeps on a goroutine
// of its own, because the ticks of an event loop are too coarse.
func (w *worker) pace(stop <-chan struct{}) {
	next := make(chan int64, 1)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
			w.loop.Do(func() { next <- w.sendDue() })
		case due := <-next:
			if due == 0 {
				return
			}
			timer.Reset(max(50*time.Microsecond, -w.since(due)))
		}
	}
}
