package gcpace

import (
	"testing"
	"time"
)

// TestReleaseDue: memory is released after use has fallen, after garbage once allocation is slow, and at most every 30 s.
func TestReleaseDue(t *testing.T) {
	const mib = 1 << 20
	type sample struct {
		at               time.Duration
		inUse, allocated int64 // MiB
		want             bool
	}
	for _, c := range []struct {
		name    string
		samples []sample
	}{
		{"constant use", []sample{{2, 5, 5, false}, {4, 5, 5, false}, {1000, 5, 6, false}}},
		{"use rises and falls", []sample{{2, 400, 900, false}, {4, 5, 910, false}, {6, 5, 910, true}, {8, 5, 910, false}}},
		{"still falling", []sample{{2, 400, 900, false}, {4, 300, 910, false}, {6, 200, 920, false}, {8, 199, 921, true}}},
		{"a quarter falls", []sample{{2, 400, 200, false}, {4, 350, 200, false}, {6, 350, 200, false}, {8, 295, 210, false}, {10, 290, 210, true}}},
		{"a small fall", []sample{{2, 30, 10, false}, {4, 20, 10, false}, {6, 20, 10, false}}},
		{"quiet after garbage", []sample{{2, 5, 100, false}, {4, 5, 200, false}, {6, 5, 201, true}, {60, 5, 210, false}, {62, 5, 211, false}}},
		{"garbage all the time", []sample{{2, 5, 100, false}, {4, 5, 200, false}, {6, 5, 300, false}, {60, 5, 9000, false}}},
		{"at most every 30 s", []sample{
			{2, 400, 900, false}, {4, 5, 910, false}, {6, 5, 910, true}, {8, 400, 1900, false}, {10, 5, 1910, false}, {12, 5, 1910, false}, {38, 5, 1910, true},
		}},
		{"garbage below the bytes in use", []sample{{2, 1000, 2000, false}, {40, 1000, 2001, true}, {80, 1000, 2900, false}, {82, 1000, 2900, false}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r releaser
			for _, l := range c.samples {
				at := l.at * time.Second
				got := r.due(at, l.inUse*mib, l.allocated*mib)
				if got != l.want {
					t.Fatalf("after %v with %d MiB in use, %d allocated: %v", at, l.inUse, l.allocated, got)
				}
				if got {
					r.released(at)
				}
			}
		})
	}
}

func TestReleaseMemoryEndsWithDone(t *testing.T) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		ReleaseMemory(done, func() int64 { return 0 })
		close(ended)
	}()
	close(done)
	<-ended
}
