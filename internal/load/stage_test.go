package load

import (
	"runtime"
	"testing"
	"time"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/load/report"
)

// The report has, for each stage, what happened in it and the memory of the kernel at its end.
func TestReportHasEveryStage(t *testing.T) {
	addr := throng(t, func(c *config.Config) {
		c.PingInterval, c.PongTimeout = 300*time.Millisecond, 200*time.Millisecond // pings at each tick of a second
	})
	r, err := Run(t.Context(), Options{
		Scenario: "idle", URL: addr, Connections: 60, Loops: 2, Processes: 1, Duration: 2500 * time.Millisecond, Patience: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]report.Stage{}
	end := time.Duration(0)
	for _, s := range r.Stages {
		if s.Begin < end || s.End < s.Begin || (s.Kernel == nil) != (runtime.GOOS != "linux") || s.Kernel != nil && s.Kernel.Slab == 0 {
			t.Errorf("%+v after %v", s, end)
		}
		got[s.Name], end = s, s.End
	}
	if b, o := got[report.Before], got[report.Open]; b.Open != 0 || o.Open != 60 || o.Pinged != 0 {
		t.Errorf("%+v, %+v", b, o)
	}
	if k := got[report.Keep]; k.Open != 60 || k.Pinged != 60 || k.Pings < 60 || k.Took() < 2500*time.Millisecond {
		t.Errorf("%+v", k)
	}
	if b, d := got["broadcast"], got["drain"]; b.Delivered+d.Delivered != 60 {
		t.Errorf("%+v, %+v", b, d)
	}
}
