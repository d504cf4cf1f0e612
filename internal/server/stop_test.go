package server

import (
	"testing"
	"time"
)

func TestDrainPlan(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    drain
		n    int
		over time.Duration
		rate int
	}{
		{"few connections take no time worth mentioning", drain{rate: 20_000}, 100, 5 * time.Millisecond, 20_000},
		{"many take as long as the rate says", drain{rate: 20_000}, 1_000_000, 50 * time.Second, 20_000},
		{"none take none", drain{rate: 20_000}, 0, 0, 20_000},
		{"a time that is set holds", drain{over: 30 * time.Second, rate: 20_000}, 600, 30 * time.Second, 21},
		{"for none too", drain{over: 30 * time.Second, rate: 20_000}, 0, 30 * time.Second, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if over, rate := tt.d.plan(tt.n); over != tt.over || rate != tt.rate {
				t.Errorf("%v at %d a second, want %v at %d", over, rate, tt.over, tt.rate)
			}
		})
	}
}
