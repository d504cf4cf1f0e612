//go:build linux

package crowd

import (
	"testing"
	"time"
)

// The time in which nothing arrives counts as asleep, whether the crowd sleeps or spins.
func TestAsleep(t *testing.T) {
	for _, spin := range []bool{false, true} {
		c, err := New(Config{Spin: spin})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.TurnFor(50 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(c.Start); c.Asleep < took/2 || c.Asleep > took {
			t.Errorf("spin %v: asleep for %v of %v", spin, c.Asleep, took)
		}
	}
}
