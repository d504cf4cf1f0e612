package headroom

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	lookEvery = 2 * time.Second
	giveEvery = 30 * time.Second // between two times that memory is given back, at least
	worth     = 16 << 20         // bytes that must have gone, or twice as many have been garbage
	goneShare = 4                // or one in so many of what was in use
)

// GiveBack returns memory to the system when much of what was in use has gone, or when it is quiet after much garbage:
// the runtime collects an idle server every two minutes only, and keeps most of what it has. It works until done is
// closed, on the goroutine that calls it. inUse tells about how many bytes connections, rooms and messages take. Where
// GOGC is off it does nothing.
func GiveBack(done <-chan struct{}, inUse func() int64) {
	if os.Getenv("GOGC") == "off" {
		return
	}
	g := giver{last: inUse()}
	g.given(0)
	began, ticker := time.Now(), time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		if now := time.Since(began); g.due(now, inUse(), allocated()) {
			runtime.GC() // what pools keep goes with the second
			debug.FreeOSMemory()
			g.given(time.Since(began))
		}
	}
}

// giver decides when.
type giver struct {
	at        time.Duration // of the last time
	peak      int64         // of inUse, since then
	last      int64         // inUse
	garbage   int64         // allocated by then
	allocated int64
}

// due looks once.
func (g *giver) due(now time.Duration, inUse, allocated int64) bool {
	falling := inUse < g.last-g.last/16
	quiet := allocated-g.allocated < worth/8
	g.peak, g.last, g.allocated = max(g.peak, inUse), inUse, allocated
	if falling || now-g.at < giveEvery && g.at != 0 {
		return false
	}
	return g.peak-inUse > max(worth, g.peak/goneShare) ||
		quiet && allocated-g.garbage > max(2*worth, inUse)
}

// given begins anew after memory was given back.
func (g *giver) given(now time.Duration) {
	g.at, g.peak, g.garbage = now, g.last, g.allocated
}

// allocated is how many bytes have been allocated so far.
func allocated() int64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
