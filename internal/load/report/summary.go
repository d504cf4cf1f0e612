package report

import "fmt"

// Summary is the result of the run in one sentence.
func (r *Report) Summary() string {
	text := fmt.Sprintf("%s of %s connections were open", count(r.Opened), count(r.Asked))
	if r.Scenario == "connect" {
		text = fmt.Sprintf("%s connections were opened and closed in %s", count(r.Opened), span(r.Duration))
	}
	if c := &r.Counters; c.Sent > 0 {
		text += fmt.Sprintf("; %s messages were sent%s, and %s", count(c.Sent), refusedOf(c), r.deliveries())
	}
	if n := r.Violations.Count; n > 0 {
		text += fmt.Sprintf("; %s times a promise was broken", count(n))
	}
	return text + "."
}

func refusedOf(c *Counters) string {
	switch {
	case c.Refused == 0:
		return ""
	case c.Refused == c.Sent:
		return ", all of them refused"
	}
	return fmt.Sprintf(", %s of them refused", count(c.Refused))
}

func (r *Report) deliveries() string {
	h := r.Phases.Get(Delivery)
	switch {
	case r.Counters.Delivered == 0:
		return "nothing was delivered"
	case h.Count() == 0:
		return count(r.Counters.Delivered) + " were delivered"
	}
	return fmt.Sprintf("%s were delivered, half of them within %s and 99 %% within %s", count(r.Counters.Delivered), latency(h.Quantile(.5)), latency(h.Quantile(.99)))
}
