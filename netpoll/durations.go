package netpoll

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// numBuckets is how many buckets a histogram has: below 1 µs, below 2 µs, 4 µs and so on, up
// to 67 s; the last one has no bound.
const numBuckets = 28

// Durations counts how long something took. The zero value is ready. Observe costs two
// additions, no lock; any goroutine may call its methods.
type Durations struct {
	sum     atomic.Int64
	buckets [numBuckets]atomic.Int64
}

// Observe counts d; a negative one counts as 0.
func (h *Durations) Observe(d time.Duration) {
	d = max(d, 0)
	h.sum.Add(int64(d))
	h.buckets[min(bits.Len64(uint64(d/time.Microsecond)), numBuckets-1)].Add(1)
}

// Histogram is what was counted up to now.
func (h *Durations) Histogram() (out Histogram) {
	out.Sum = time.Duration(h.sum.Load())
	for i := range h.buckets {
		out.Buckets[i] = h.buckets[i].Load()
	}
	return out
}

// Histogram is a snapshot of [Durations].
type Histogram struct {
	Sum     time.Duration
	Buckets [numBuckets]int64 // bucket i is below Bound(i), and not below Bound(i-1)
}

// Bound is the upper bound of bucket i. The last bucket has none; its Bound is meaningless.
func (Histogram) Bound(i int) time.Duration { return time.Microsecond << i }

// Count is the number of durations.
func (h Histogram) Count() (n int64) {
	for _, b := range h.Buckets {
		n += b
	}
	return n
}

// Add adds what o counted.
func (h *Histogram) Add(o Histogram) {
	h.Sum += o.Sum
	for i, n := range o.Buckets {
		h.Buckets[i] += n
	}
}
