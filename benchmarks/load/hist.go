package main

import (
	"math/bits"
	"time"
)

// hist counts durations in buckets of at most 1/32 of their value: cheap enough for one
// call per delivery.
type hist struct {
	counts [64 * 32]int64
	total  int64
}

func (h *hist) record(d int64) {
	h.counts[bucket(uint64(max(d, 0)))]++
	h.total++
}

// bucket numbers the values below 32 by themselves, then 32 steps for each power of two.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-6, 0)
	return shift*32 + int(v>>shift)
}

// quantile is the upper end of the bucket in which the share q of all values ends.
func (h *hist) quantile(q float64) time.Duration {
	want := int64(q * float64(h.total))
	for i, n := range h.counts {
		if want -= n; want < 0 {
			shift := max(i/32-1, 0)
			return time.Duration((i-shift*32+1)<<shift - 1)
		}
	}
	return 0
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
