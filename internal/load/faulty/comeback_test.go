package faulty_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/load"
	"github.com/throngd/throng/internal/load/faulty"
	"github.com/throngd/throng/internal/load/report"
)

// storm drops 24 of 30 clients once.
func storm(addr string) load.Options {
	o := small("storm", load.Centrifuge, addr)
	o.Rate = 200 // a busy machine with the race detector must not fall behind: then clients time out, and more is to do
	o.Rounds, o.Duration, o.Senders, o.Patience, o.BackWithin = 1, 400*time.Millisecond, 2, 10*time.Second, time.Minute
	return o
}

// A client whose attempt to reconnect fails tries again, whatever the error was.
func TestReconnectIsRepeated(t *testing.T) {
	for _, fault := range []faulty.Fault{faulty.TurnAway, faulty.Refuse, faulty.NoConnect, faulty.NoSubscribe} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s := &faulty.Server{Fault: fault, At: 31, Every: 1, Times: 20} // of those that come back
			o := storm(start(t, s))
			if fault == faulty.NoConnect || fault == faulty.NoSubscribe { // the clients wait so long
				o.Patience = 3 * time.Second
			}
			r := run(t, o)
			if !r.OK() || s.Done() != 20 || r.Counters.Retries != 20 || r.Counters.Reconnects != 24 {
				t.Errorf("error %q, %v, committed %d times, %+v", r.Err, r.Violations, s.Done(), r.Counters)
			}
			if r.Counters.Sent < 120 { // 80 in the time of the run, another 100 while the first wait half a second
				t.Errorf("only %d messages were sent: none while the clients were disconnected", r.Counters.Sent)
			}
			back := r.Phases.Get(report.Back)
			if back.Count() != 24 || back.Max() < 500*time.Millisecond {
				t.Errorf("%d were back, the last after %v", back.Count(), back.Max())
			}
			told := regexp.MustCompile(`^storm 1: of 24 clients 95 % were back in their rooms after \d.*s, all after \d.*s; 20 attempts to reconnect failed and were repeated$`)
			if notes := strings.Join(r.Notes, "\n"); !anyMatch(told, r.Notes) {
				t.Error(notes)
			}
		})
	}
}

func anyMatch(re *regexp.Regexp, texts []string) bool {
	for _, s := range texts {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

// A server that refuses all reconnects ends the run in time, with the number of clients
// and why.
func TestServerThatRefusesReconnects(t *testing.T) {
	for name, c := range map[string]struct {
		s    *faulty.Server
		want string
		soon bool // the server told them not to reconnect
	}{
		"all":  {&faulty.Server{Fault: faulty.TurnAway, At: 31, Every: 1}, "storm 1: 24 of 24 clients did not come back within 2s: 127.0.0.1:", false},
		"one":  {&faulty.Server{Fault: faulty.Banish, At: 31}, "storm 1: 1 of 24 clients did not come back: the server closed the connection with 3500 (invalid token)", true},
		"some": {&faulty.Server{Fault: faulty.Banish, At: 31, Every: 1, Times: 5}, "storm 1: 5 of 24 clients did not come back: ", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := storm(start(t, c.s))
			o.BackWithin = 2 * time.Second
			if c.soon {
				o.BackWithin = time.Minute
			}
			began := time.Now()
			r := run(t, o)
			if took := time.Since(began); took > 30*time.Second { // well before BackWithin and Patience
				t.Errorf("it took %v", took)
			}
			if !strings.HasPrefix(r.Err, c.want) || r.Violations.Count > 0 {
				t.Errorf("error %q, %v", r.Err, r.Violations)
			}
			if !c.soon && (r.Counters.Retries < 24 || !strings.Contains(r.Err, "accepts no more connections (503)")) {
				t.Errorf("error %q, %d tries", r.Err, r.Counters.Retries)
			}
			if c.soon && r.Counters.Retries > 0 {
				t.Errorf("%d attempts of clients that were told not to reconnect", r.Counters.Retries)
			}
		})
	}
}
