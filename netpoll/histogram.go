package netpoll

import (
	"time"

	"github.com/throngd/throng/internal/durations"
)

// Histogram counts durations, as [Stats] has them.
type Histogram struct {
	Sum     time.Duration               // of all durations
	Buckets [durations.NumBuckets]int64 // bucket i counts the durations below Bound(i) that are in no earlier bucket
}

// Bound is the upper bound of bucket i: 1 us, 2 us, 4 us and so on. The last bucket has none, and its Bound means nothing.
func (Histogram) Bound(i int) time.Duration { return time.Microsecond << i }

// Count is the number of durations.
func (h Histogram) Count() (n int64) {
	for _, b := range h.Buckets {
		n += b
	}
	return n
}

// Add adds the durations of o.
func (h *Histogram) Add(o Histogram) {
	h.Sum += o.Sum
	for i, n := range o.Buckets {
		h.Buckets[i] += n
	}
}
