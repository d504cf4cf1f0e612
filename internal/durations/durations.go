// Package durations counts how long things take, in buckets that are powers of two.
package durations

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// NumBuckets is the number of buckets: below 1 us, below 2 us, below 4 us and so on, up to 67 s. The last one has no bound.
const NumBuckets = 28

// Recorder counts durations. The zero value is ready to use. Observe costs two atomic additions and takes no lock; any
// goroutine may call the methods.
type Recorder struct {
	sum     atomic.Int64
	buckets [NumBuckets]atomic.Int64
}

// Observe counts d. A negative d counts as 0.
func (r *Recorder) Observe(d time.Duration) {
	d = max(d, 0)
	r.sum.Add(int64(d))
	r.buckets[min(bits.Len64(uint64(d/time.Microsecond)), NumBuckets-1)].Add(1)
}

// Snapshot is what a Recorder has counted. It converts to a netpoll.Histogram.
type Snapshot struct {
	Sum     time.Duration
	Buckets [NumBuckets]int64 // bucket i counts what is below 1 us << i and not in an earlier bucket
}

// Snapshot returns what has been counted up to now.
func (r *Recorder) Snapshot() (s Snapshot) {
	s.Sum = time.Duration(r.sum.Load())
	for i := range r.buckets {
		s.Buckets[i] = r.buckets[i].Load()
	}
	return s
}
