// Package headroom paces the garbage collector by what a server of mostly idle connections needs: room for garbage
// that does not grow with the memory that is in use.
//
// GOGC's 100 % lets the heap grow to twice what is in use. Nearly all of throng's memory is in use for hours: slots,
// sessions and members of connections that say nothing. A million of them would pay 300 MB for garbage that they do
// not make. A quarter of what is in use is room enough there, and a small server gets a fixed room, so that it does
// not collect a hundred times a second while a few thousand people talk.
package headroom

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	least = 4 << 20 // bytes of garbage at least before a collection
	share = 4       // or one in so many bytes of what is in use
)

// Keep has the pace follow the memory in use from now on: it is set after every collection. It does nothing where
// the environment has GOGC; GOMEMLIMIT holds besides. Call it once.
func Keep() {
	if os.Getenv("GOGC") == "" {
		k := &keeper{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}, percent: 100}
		k.afterCollection()
	}
}

type keeper struct {
	live    []metrics.Sample
	percent int
}

// sentinel is garbage: its cleanup tells that a collection is over.
type sentinel struct{ k *keeper }

func (k *keeper) afterCollection() {
	k.pace()
	runtime.AddCleanup(&sentinel{k}, (*keeper).afterCollection, k)
}

// pace stops the world for some microseconds, so small changes are not worth it.
func (k *keeper) pace() {
	metrics.Read(k.live)
	percent := percentFor(k.live[0].Value.Uint64())
	if percent < k.percent*9/10 || percent > k.percent*11/10 {
		k.percent = percent
		debug.SetGCPercent(percent)
	}
}

// percentFor is GOGC for so many bytes in use.
func percentFor(live uint64) int {
	return int(max(least, live/share) * 100 / max(live, 1<<20))
}
