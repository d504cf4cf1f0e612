package limit

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func micros(d time.Duration) uint32 { return uint32(d.Microseconds()) }

// take charges one unit n times and counts how many were allowed.
func take(n int, one func() bool) (allowed int) {
	for range n {
		if one() {
			allowed++
		}
	}
	return allowed
}

// TestRateHolds: all three forms of state allow a burst, then the rate, and a burst again after a pause.
func TestRateHolds(t *testing.T) {
	for _, r := range []struct{ perSecond, burst int }{{100, 200}, {3, 6}, {20_000, 2_000}, {7, 1}} {
		rate := NewRate(r.perSecond, r.burst)
		var meter Meter
		var shared Shared
		keys := NewPerKey[string]()
		keys.SetLimits(0, rate)
		for name, one := range map[string]func(time.Duration) bool{
			"meter": func(now time.Duration) bool { return meter.Take(&rate, micros(now), 1) },
			"shared": func(now time.Duration) bool {
				if !shared.Allows(&rate, now) {
					return false
				}
				shared.Charge(&rate, now)
				return true
			},
			"key": func(now time.Duration) bool { return keys.Take("k", now) },
		} {
			second := min(r.burst, r.perSecond) // of what one second earns, no more than a burst can be kept
			for _, step := range []struct {
				now  time.Duration
				want int
			}{{0, r.burst}, {0, 0}, {time.Second, second}, {time.Second, 0}, {time.Minute, r.burst}, {40 * time.Minute, r.burst}, {73 * time.Minute, r.burst}} {
				if n := take(2*r.burst+2, func() bool { return one(step.now) }); n != step.want {
					t.Errorf("%+v, %s: %d allowed after %v, want %d", r, name, n, step.now, step.want)
				}
			}
		}
	}
}

// TestUnlimited: a rate of 0 allows everything.
func TestUnlimited(t *testing.T) {
	var meter Meter
	var shared Shared
	rate := NewRate(0, 138)
	for range 1000 {
		shared.Charge(&rate, 0)
		if !rate.Unlimited() || !meter.Take(&rate, 0, 1<<30) || !shared.Allows(&rate, 0) {
			t.Fatal("refused")
		}
	}
}

// TestTakeManyIsAllOrNothing: a request above the burst is allowed when nothing is owed, and then costs a burst.
func TestTakeManyIsAllOrNothing(t *testing.T) {
	rate := NewRate(10, 20)
	var m Meter
	if !m.Take(&rate, 0, 15) || m.Take(&rate, 0, 6) || !m.Take(&rate, 0, 5) {
		t.Error("15 and 6 of a burst of 20 were allowed, or 15 and 5 were not")
	}
	m = 0
	if !m.Take(&rate, 0, 1000) || m.Take(&rate, micros(1999*time.Millisecond), 20) || !m.Take(&rate, micros(2*time.Second), 20) {
		t.Error("a request of 50 bursts does not cost one burst")
	}
}

// TestByteRate covers costs of less than a microsecond and of more than any burst.
func TestByteRate(t *testing.T) {
	for _, row := range []struct{ perSecond, burst, size, want int }{
		{256 << 10, 512 << 10, 64 << 10, 8},
		{1 << 10, 128 << 10, 64 << 10, 2},
		{1 << 10, 512 << 20, 256 << 20, 1}, // the burst is cut to 15 minutes
		{1 << 30, 2 << 30, 1, 10_000},      // a nanosecond each
		{256 << 10, 2 << 20, 700 << 10, 2},
		{1, 1 << 40, 1 << 20, 1},
	} {
		var m Meter
		rate := NewRate(row.perSecond, row.burst)
		if n := take(row.want+1, func() bool { return m.Take(&rate, 0, row.size) }); n != row.want && row.size > 1 || n < row.want {
			t.Errorf("%+v: %d at once", row, n)
		}
		if !m.Take(&rate, 0, 0) {
			t.Errorf("%+v: nothing was refused", row)
		}
	}
}

// TestMeterSurvivesWrapAround: whatever the pause, a meter from before a wrap-around of the clock allows a burst.
func TestMeterSurvivesWrapAround(t *testing.T) {
	rate := NewRate(100, 200)
	for _, pause := range []time.Duration{36 * time.Minute, 70 * time.Minute, 72 * time.Minute, 143 * time.Minute} {
		var m Meter
		take(300, func() bool { return m.Take(&rate, 0, 1) })
		if !m.Idle(&rate, micros(pause)) || !m.Take(&rate, micros(pause), 200) {
			t.Errorf("a burst is refused after %v", pause)
		}
	}
}

// TestEnterBoundsOpenConnections: a place is free again when a connection leaves.
func TestEnterBoundsOpenConnections(t *testing.T) {
	p := NewPerKey[string]()
	p.SetLimits(2, NewRate(2, 4))
	for i, want := range []Verdict{Allowed, Allowed, TooMany, TooMany} {
		if e, got := p.Enter("a", 0); got != want || (e != nil) != (want == Allowed) {
			t.Errorf("connection %d: %v, %v", i, e, got)
		}
	}
	for i, want := range []Verdict{Allowed, Allowed, TooFast} {
		p.Leave("a", 0)
		if _, got := p.Enter("a", 0); got != want {
			t.Errorf("after leave %d: %v, want %v", i, got, want)
		}
	}
	if _, got := p.Enter("b", 0); got != Allowed {
		t.Error("another key is limited")
	}
	p.Leave("a", 0)
	p.Leave("b", 0)
	if n := p.Len(); n != 2 {
		t.Errorf("%d keys are remembered: both could come back and take a whole burst", n)
	}
	p.Leave("never", 0) // nothing happens
}

// TestLimitsCanBeSwitchedOn: without limits nothing is counted; connections from that time do not count later.
func TestLimitsCanBeSwitchedOn(t *testing.T) {
	p := NewPerKey[string]()
	for range 100 {
		if e, v := p.Enter("a", 0); e != nil || v != Allowed || !p.Take("b", 0) {
			t.Fatal("counted or refused without limits")
		}
	}
	if n := p.Len(); n != 0 {
		t.Errorf("%d keys are remembered", n)
	}
	p.SetLimits(1, Rate{})
	_, first := p.Enter("a", 0)
	if _, second := p.Enter("a", 0); first != Allowed || second != TooMany {
		t.Errorf("the limit does not hold: %v, %v", first, second)
	}
	p.SetLimits(0, Rate{})
	if p.Leave("a", 0); p.Len() != 0 {
		t.Error("a counted connection that leaves after the limit was lifted stays counted")
	}
}

// TestIdleKeysAreForgotten: of 100,000 keys that come once, those that count are kept, and little more.
func TestIdleKeysAreForgotten(t *testing.T) {
	p := NewPerKey[string]()
	p.SetLimits(0, NewRate(1, 2))
	for i := range 100_000 {
		now := time.Duration(i) * 100 * time.Microsecond // 10,000 a second, each counts for a second
		if key := fmt.Sprint(i); i%2 == 0 {
			p.Take(key, now)
		} else {
			p.Enter(key, now)
			p.Leave(key, now)
		}
	}
	if n := p.Len(); n > 4*10_000 {
		t.Errorf("%d keys are remembered", n)
	}
}

// TestEnterFromManyGoroutines: the number of open connections never exceeds the limit.
func TestEnterFromManyGoroutines(t *testing.T) {
	p := NewPerKey[int]()
	p.SetLimits(4, Rate{})
	var open [100]atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 10_000 {
				key := i % len(open)
				if _, v := p.Enter(key, 0); v != Allowed {
					continue
				}
				if open[key].Add(1) > 4 {
					t.Error("more than 4 are open")
				}
				open[key].Add(-1)
				p.Leave(key, 0)
			}
		})
	}
	all.Wait()
	if n := p.Len(); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

func BenchmarkMeter(b *testing.B) {
	commands, bytes := NewRate(100, 200), NewRate(256<<10, 512<<10)
	var c, n Meter
	for i := 0; b.Loop(); i++ {
		now := uint32(i * 20_000)
		n.Take(&bytes, now, 100)
		c.Take(&commands, now, 1)
	}
}
