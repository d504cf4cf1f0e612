//go:build !windows

package netpoll

import (
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/panjf2000/gnet/v2/pkg/queue"
)

// TestPongAfterALateTickCounts: a tick may come late, because the loop was busy or the process was stopped, and the
// next one comes in time. A client still has all of PongTimeout.
func TestPongAfterALateTickCounts(t *testing.T) {
	const tick = time.Hour // the test makes the ticks
	e := echo()
	e.PingInterval, e.PongTimeout, e.PongCode = tick, tick, 3012
	s := start(t, &Server{Loops: 1, Tick: tick, Endpoints: []Endpoint{e}})
	ticks := int64(0)
	advance := func() {
		l := s.Loop(0)
		_ = l.poller.Trigger(queue.HighPriority, l.tick, nil)
		ticks++
		eventually(t, "the tick is handled", func() bool { return s.Stats().Loops[0].Lags.Count() == ticks })
	}
	good, bad := raw(t, s, "/", ""), raw(t, s, "/", "")
	advance() // the pings
	advance() // at once, before any client can have answered
	for range 3 {
		if f, err := readFrame(good); err != nil || f.Header.OpCode != ws.OpPing {
			t.Fatalf("%v, %v; want a ping", f, err)
		}
		_, _ = good.Write(masked(10, nil))
		_, _ = good.Write(masked(1, []byte("here")))
		if f, err := readFrame(good); err != nil || string(f.Payload) != "here" {
			t.Fatalf("%q, %v", f.Payload, err)
		}
		advance()
		advance()
	}
	if code, _ := expectClose(t, bad); code != 3012 {
		t.Errorf("who does not answer is closed with %d", code)
	}
}
