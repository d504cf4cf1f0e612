package gcpace

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	sampleEvery  = 2 * time.Second
	releaseEvery = 30 * time.Second // at least so long between two releases
	minReleased  = 16 << 20         // a release must be worth this many bytes of fallen use, or twice as many of garbage
	minFall      = 4                // and the peak use divided by this
)

// ReleaseMemory returns memory to the operating system when use has fallen far below its peak, or when allocation has
// become slow after much garbage. The runtime collects an idle server only every two minutes and keeps most of the freed
// memory. inUse returns approximately how many bytes connections, rooms and messages take. It runs until done is closed,
// on the calling goroutine. With GOGC=off it does nothing.
func ReleaseMemory(done <-chan struct{}, inUse func() int64) {
	if os.Getenv("GOGC") == "off" {
		return
	}
	r := releaser{use: inUse()}
	r.released(0)
	began, ticker := time.Now(), time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		if now := time.Since(began); r.due(now, inUse(), allocated()) {
			runtime.GC() // FreeOSMemory collects again: an object in a sync.Pool survives the first collection
			debug.FreeOSMemory()
			r.released(time.Since(began))
		}
	}
}

// releaser decides when memory is released, from samples.
type releaser struct {
	at        time.Duration // time of the last release
	use       int64         // bytes in use at the last sample
	peak      int64         // highest use since the last release
	allocated int64         // bytes allocated since the start of the process, at the last sample
	base      int64         // allocated at the last release
}

// due takes one sample and reports whether to release memory now.
func (r *releaser) due(now time.Duration, use, allocated int64) bool {
	falling := use < r.use-r.use/16
	quiet := allocated-r.allocated < minReleased/8
	r.peak, r.use, r.allocated = max(r.peak, use), use, allocated
	if falling || now-r.at < releaseEvery && r.at != 0 {
		return false
	}
	return r.peak-use > max(minReleased, r.peak/minFall) ||
		quiet && allocated-r.base > max(2*minReleased, use)
}

// released begins a new period after a release.
func (r *releaser) released(now time.Duration) {
	r.at, r.peak, r.base = now, r.use, r.allocated
}

// allocated is the number of bytes allocated since the start of the process.
func allocated() int64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}
