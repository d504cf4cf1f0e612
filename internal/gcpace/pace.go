// Package gcpace sets the pace of the garbage collector for a server whose memory is mostly in use by idle connections.
//
// With the default, GOGC=100, the heap grows to twice its live bytes before it is collected. Nearly all of throng's live
// bytes belong to connections that send nothing for hours: slots, sessions, memberships. A million of them would cost
// another 300 MB for garbage that they do not make. [Start] allows a quarter of the live heap for garbage, and at least
// 4 MiB, so that a small server does not collect a hundred times a second while a few thousand clients publish.
//
// [ReleaseMemory] returns memory to the operating system after many connections have closed.
package gcpace

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	minGarbage   = 4 << 20 // bytes that may always be allocated between two collections
	liveFraction = 4       // or the live heap divided by this, whichever is more
)

// Start keeps GOGC in step with the live heap from now on: it is set again after every collection. Where the environment
// variable GOGC is set, Start does nothing. GOMEMLIMIT still applies. Call it once.
func Start() {
	if os.Getenv("GOGC") == "" {
		p := &pacer{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}, percent: 100}
		p.afterCollection()
	}
}

type pacer struct {
	live    []metrics.Sample
	percent int
}

// sentinel is unreachable at once: its cleanup runs after the next collection.
type sentinel struct{ p *pacer }

func (p *pacer) afterCollection() {
	p.setPercent()
	runtime.AddCleanup(&sentinel{p}, (*pacer).afterCollection, p)
}

// setPercent sets GOGC. debug.SetGCPercent stops the world for some microseconds, so changes below 10 % are skipped.
func (p *pacer) setPercent() {
	metrics.Read(p.live)
	percent := percentFor(p.live[0].Value.Uint64())
	if percent < p.percent*9/10 || percent > p.percent*11/10 {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
}

// percentFor is the GOGC for a number of live bytes.
func percentFor(live uint64) int {
	return int(max(minGarbage, live/liveFraction) * 100 / max(live, 1<<20))
}
