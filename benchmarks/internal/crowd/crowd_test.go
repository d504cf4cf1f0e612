//go:build linux

package crowd

import (
	"testing"
	"time"
)

// TestAsleep has nobody say anything: whether a crowd sleeps or spins, all of that time it had nothing to do.
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
