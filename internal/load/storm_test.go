package load

import (
	"errors"
	"testing"
	"time"
)

// The delay is random over a span that doubles with every failure, as in the SDKs.
func TestBackoffDoubles(t *testing.T) {
	for failed, most := range map[int]time.Duration{
		1: time.Second, 2: 1500 * time.Millisecond, 3: 2500 * time.Millisecond, 6: 16500 * time.Millisecond, 7: maxDelay, 1000: maxDelay,
	} {
		low, high := maxDelay, time.Duration(0)
		for range 2000 {
			d := backoff(failed)
			low, high = min(low, d), max(high, d)
		}
		if low < minDelay || high > most || high < most*9/10 || low > minDelay+most/10 {
			t.Errorf("after %d: %v to %v, at most %v", failed, low, high, most)
		}
	}
}

func TestMayReconnect(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{errors.New("connection refused"), true},
		{errNoAnswer, true},
		{&closedError{code: 1006}, true},
		{&closedError{code: 3001}, true},
		{&closedError{code: 3500}, false},
		{&closedError{code: 3999}, false},
		{&closedError{code: 4000}, true},
		{&closedError{code: 4500}, false},
		{&refusal{id: connectID, code: 100, temporary: true}, true},
		{&refusal{id: connectID, code: 101}, false},
		{&refusal{id: subscribeID, code: 103}, false},
		{&refusal{id: subscribeID, code: 111, temporary: true}, true},
	} {
		if got := mayReconnect(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
