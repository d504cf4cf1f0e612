package report

import "fmt"

// Rules are conditions for passing, in addition to violations and the error that ended the run.
type Rules struct {
	// MaxRefused is the share of the publishes, 0 to 1, that the server may refuse.
	MaxRefused float64
	// FailIf are conditions under which the run has failed.
	FailIf []Threshold
}

// DefaultMaxRefused is the share of refused publishes that a run passes with.
const DefaultMaxRefused = 0.01

// Judge applies the rules and notes the failures. The parts of a mix are judged separately. The rules about deliveries
// are not applied to an interrupted run, which may have ended before anything was sent.
func (r *Report) Judge(rules Rules) {
	fail := func(format string, args ...any) { r.Failures = addOnce(r.Failures, fmt.Sprintf(format, args...)) }
	c := &r.Counters
	if n, of := r.part("refused"); of > 0 && float64(n) > rules.MaxRefused*float64(of) {
		fail("%s of %s publishes were refused, more than %s %%", count(n), count(of), three(100*rules.MaxRefused))
	}
	if r.Err == "" && !r.Interrupted && r.Scenario != "connect" && r.Scenario != "mixed" {
		switch {
		case c.Sent > 0 && c.Delivered == 0:
			fail("nothing was delivered")
		case c.Checked == 0:
			fail("nothing was checked")
		}
	}
	for _, t := range rules.FailIf {
		if met, value := t.met(r); met {
			fail("%s: it was %s", t.Text, value)
		}
	}
}

// part is a counter and what it is a part of.
func (r *Report) part(name string) (n, of int64) {
	c := &r.Counters
	switch name {
	case "refused":
		return c.Refused, c.Acknowledged + c.Refused
	case "late":
		return c.Late, c.Sent
	case "opened":
		return r.Opened, r.Asked
	}
	return c.Delivered, r.expected()
}

// expected is the number of deliveries of the accepted messages if all requested clients are connected. It is exact if all
// rooms have the same size.
func (r *Report) expected() int64 {
	accepted := r.Counters.Sent - r.Counters.Refused
	if r.Counters.Rooms == 0 { // an echo server: each message comes back to its sender
		return accepted
	}
	return accepted * r.Asked / r.Counters.Rooms
}
