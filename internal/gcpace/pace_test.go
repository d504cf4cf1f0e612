package gcpace

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	for _, tt := range []struct {
		live uint64
		want int
	}{
		{0, 400}, {1 << 20, 400}, {4 << 20, 100}, {8 << 20, 50}, {16 << 20, 25}, {1 << 30, 25},
	} {
		if got := percentFor(tt.live); got != tt.want {
			t.Errorf("%d bytes live: %d %%, want %d", tt.live, got, tt.want)
		}
	}
}

// TestStart: GOGC follows the live heap up and down, after each collection.
func TestStart(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	Start()
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	settle := func(ok func(int) bool) int {
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			runtime.GC()
			if ok(percent()) {
				break
			}
		}
		return percent()
	}
	big := make([]byte, 64<<20)
	if p := settle(func(p int) bool { return p == 25 }); p != 25 {
		t.Errorf("%d %% for 64 MB live", p)
	}
	runtime.KeepAlive(big)
	if p := settle(func(p int) bool { return p > 200 }); p <= 200 {
		t.Errorf("%d %% for an almost empty heap", p)
	}
}

func TestStartRespectsGOGC(t *testing.T) {
	t.Setenv("GOGC", "77")
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	Start()
	runtime.GC()
	if p := debug.SetGCPercent(77); p != 77 {
		t.Errorf("%d %%", p)
	}
}
