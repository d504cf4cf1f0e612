package main

import (
	"math"
	"testing"
)

func TestHist(t *testing.T) {
	var h hist
	for i := range int64(100_000) {
		h.record(i)
	}
	h.record(-1)
	h.record(math.MaxInt64)
	for _, q := range []float64{.001, .1, .5, .99, .999} {
		want := q * 100_000
		if got := float64(h.quantile(q)); got < want*.98 || got > want*1.04+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
}

func TestBucketsAreInOrder(t *testing.T) {
	last := -1
	for v := uint64(0); v < 1<<62; v += v/40 + 1 {
		b := bucket(v)
		if b < last || b > last+2 {
			t.Fatalf("bucket %d after %d at %d", b, last, v)
		}
		last = b
	}
}
