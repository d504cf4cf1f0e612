//go:build !windows

package netpoll

import (
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// timerServer has a connection set its timer by its messages, which are durations, and reports each OnTimer.
func timerServer(t *testing.T, e Endpoint) (s *Server, fired chan time.Time) {
	fired = make(chan time.Time, 10)
	e.PingInterval = -1
	e.OnMessage = func(c *Conn, op frame.Op, p []byte) {
		d, err := time.ParseDuration(string(p))
		if err != nil {
			t.Error(err)
		}
		c.SetTimer(d)
		c.Send(op, p)
	}
	if e.OnTimer == nil {
		e.OnTimer = func(*Conn) { fired <- time.Now() }
	}
	return start(t, &Server{Loops: 1, OnError: func(error) {}, Endpoints: []Endpoint{e}}), fired
}

// TestTimerFiresOnceAndNotEarly: the timer fires within two ticks after its duration on an idle loop, never before it,
// and once, also when it is longer than the wheel.
func TestTimerFiresOnceAndNotEarly(t *testing.T) {
	s, fired := timerServer(t, Endpoint{})
	c := dial(t, s, "/")
	for _, d := range []string{"1ns", "30ms", "1s"} { // a wheel has 64 ticks of 10 ms here
		began := time.Now()
		say(t, c, d)
		hear(t, c, d)
		at := receive(t, fired, "OnTimer")
		if want, _ := time.ParseDuration(d); at.Sub(began) < want {
			t.Errorf("a timer of %v fires after %v", want, at.Sub(began))
		}
	}
	say(t, c, "10ms")
	receive(t, fired, "OnTimer")
	ticks := s.Loop(0)
	from := ticksOfLoop(ticks)
	eventually(t, "many ticks pass", func() bool { return ticksOfLoop(ticks) > from+2*wheelSlots })
	select {
	case <-fired:
		t.Error("a timer fires twice")
	default:
	}
}

// TestTimerReplacedAndRemoved: the last SetTimer counts, a duration of zero removes the timer, and nothing is kept of it, or of
// the timer of a connection that has ended.
func TestTimerReplacedAndRemoved(t *testing.T) {
	s, fired := timerServer(t, Endpoint{})
	timers := func() int {
		n := make(chan int)
		s.Loop(0).Do(func() { n <- len(s.Loop(0).timers.due) })
		return <-n
	}
	c := dial(t, s, "/")
	for _, d := range []string{"2562047h", "10ms", "1h"} {
		say(t, c, d)
		hear(t, c, d)
	}
	if n := timers(); n != 1 || len(fired) > 1 {
		t.Errorf("%d timers of one connection, %d have fired", n, len(fired))
	}
	say(t, c, "0s")
	hear(t, c, "0s")
	if n := timers(); n != 0 {
		t.Errorf("%d timers after SetTimer(0)", n)
	}
	say(t, c, "1h")
	hear(t, c, "1h")
	_ = c.CloseNow()
	eventually(t, "the timer goes with its connection", func() bool { return timers() == 0 })
}

// TestTimerOfClosedConnection does not fire, although the slot stays until the closing handshake is over.
func TestTimerOfClosedConnection(t *testing.T) {
	fired := make(chan bool, 1)
	s := start(t, &Server{Loops: 1, CloseTimeout: 200 * time.Millisecond, Endpoints: []Endpoint{{
		PingInterval: -1, OnTimer: func(*Conn) { fired <- true },
		OnOpen: func(c *Conn) { c.SetTimer(time.Nanosecond); c.Close(4000, ""); c.SetTimer(time.Nanosecond) },
	}}})
	raw(t, s, "/", "")
	eventually(t, "the connection is gone", func() bool { return s.NumConns() == 0 })
	if len(fired) > 0 {
		t.Error("OnTimer after Close")
	}
}

// TestTimerSetInOnTimer repeats, and a panic in OnTimer closes its connection only.
func TestTimerSetInOnTimer(t *testing.T) {
	n, done := 0, make(chan bool)
	s, _ := timerServer(t, Endpoint{OnTimer: func(c *Conn) {
		if n++; n == 5 {
			close(done)
			panic("the fifth time")
		}
		c.SetTimer(time.Nanosecond)
	}})
	c := dial(t, s, "/")
	say(t, c, "1ns")
	hear(t, c, "1ns")
	receive(t, done, "the fifth OnTimer")
	hearClose(t, c, 1011)
}

func ticksOfLoop(l *Loop) uint32 {
	n := make(chan uint32)
	l.Do(func() { n <- l.wheel.now })
	return <-n
}
