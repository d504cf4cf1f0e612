package report

import (
	"fmt"
	"strings"
	"time"
)

// fact is one line of the report's head: a name and a value.
type fact struct{ Name, Text string }

// facts are the counters of the run, without those that are 0.
func (r *Report) facts() (all []fact) {
	add := func(show bool, name, format string, args ...any) {
		if show {
			all = append(all, fact{name, fmt.Sprintf(format, args...)})
		}
	}
	c := &r.Counters
	add(true, "connections", "%s of %s opened%s", count(r.Opened), count(r.Asked), among(r.Processes))
	add(true, "duration", "%s%s", span(r.Duration), talking(r.Talk))
	add(c.Dials > 0 && c.Dials != r.Opened, "dials", "%s (%s), %s failed", count(c.Dials), perSecond(c.Dials, r.Duration), count(c.FailedDials))
	add(c.Rooms > 0, "rooms", "%s", count(c.Rooms))
	add(c.Sent > 0, "sent", "%s messages (%s), %s", count(c.Sent), perSecond(c.Sent, r.talk()), size(c.BytesOut))
	add(c.Acknowledged+c.Refused > 0, "acknowledged", "%s, %s refused", count(c.Acknowledged), count(c.Refused))
	add(c.Delivered > 0, "delivered", "%s messages (%s), %s", count(c.Delivered), perSecond(c.Delivered, r.talk()), size(c.BytesIn))
	add(c.Late > 0, "late", "%s messages were sent more than 10 ms after they were due: the load tester or its machine is at its limit", count(c.Late))
	add(c.Pings > 0, "pings", "%s answered", count(c.Pings))
	add(c.Reconnects > 0, "reconnects", "%s%s", count(c.Reconnects), retried(c.Retries))
	add(len(c.Disconnects) > 0, "disconnects", "%s", listed(c.Disconnects, "code %d: %s"))
	all = append(all, r.stageFacts()...)
	return append(all, r.targetFacts()...)
}

func talking(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return ", of which " + span(d) + " with messages being sent: rates are over them"
}

func among(processes int) string {
	if processes < 2 {
		return ""
	}
	return fmt.Sprintf(" by %d processes", processes)
}

func retried(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + count(n) + " tries failed on the way"
}

func listed(m map[int]int64, format string) string {
	var parts []string
	for _, k := range byCount(m) {
		parts = append(parts, fmt.Sprintf(format, k, count(m[k])))
	}
	return strings.Join(parts, ", ")
}

// targetFacts are the metrics of the target.
func (r *Report) targetFacts() (all []fact) {
	most := r.Series.most()
	if most.Resident > 0 {
		text := size(most.Resident) + " at most"
		if most.Connections > 0 {
			text += fmt.Sprintf(", %s connections at most, queue %s, backlog %s", count(most.Connections), size(most.Queue), size(most.Backlog))
		}
		all = append(all, fact{"target memory", text})
	}
	if s := r.Server; s != nil && s.CPU > 0 {
		text := fmt.Sprintf("%s (%s cores in the mean, %s at most)", span(s.CPU), three(float64(s.CPU)/float64(max(r.Duration, 1))), three(most.CPU))
		if most.LoopBusy > 0 {
			text += fmt.Sprintf(", busiest loop %.0f %%", most.LoopBusy*100)
		}
		all = append(all, fact{"target CPU", text}, fact{"target GC", fmt.Sprintf("%d collections, the longest pause %s", s.GCs, latency(s.GCMax))})
	}
	return all
}

// most are the greatest values of the target, each by itself.
func (s Series) most() (m Target) {
	for _, sec := range s {
		if t := sec.Target; t != nil {
			m.Resident, m.Connections = max(m.Resident, t.Resident), max(m.Connections, t.Connections)
			m.Queue, m.Backlog = max(m.Queue, t.Queue), max(m.Backlog, t.Backlog)
			m.CPU, m.LoopBusy = max(m.CPU, t.CPU), max(m.LoopBusy, t.LoopBusy)
		}
	}
	return m
}

// row is a line of the table of latencies. A server's part has a mean only.
type row struct {
	Name                                string
	Part                                bool // of the phase above it
	Count                               string
	Min, Mean, P50, P90, P99, P999, Max string
	Meaning                             string
}

// rows are the phases that were measured, each with the server's own parts below it.
func (r *Report) rows() (rows []row) {
	for _, p := range AllPhases() {
		if h := r.Phases.Get(p); h.Count() > 0 {
			rows = append(rows, phaseRow(p, h))
		}
		switch p {
		case Connect: // below its last part
		case HTTP:
			rows = append(rows, r.serverRows(Connect)...)
		default:
			rows = append(rows, r.serverRows(p)...)
		}
	}
	return rows
}

func phaseRow(p Phase, h *Histogram) row {
	q := func(q float64) string { return latency(h.Quantile(q)) }
	return row{
		Name: p.Title(), Part: p.PartOf() != "", Count: count(h.Count()), Meaning: p.Meaning(),
		Min: latency(h.Min()), Mean: latency(h.Mean()), P50: q(.5), P90: q(.9), P99: q(.99), P999: q(.999), Max: latency(h.Max()),
	}
}

func (r *Report) serverRows(p Phase) (rows []row) {
	if r.Server == nil {
		return nil
	}
	for _, part := range r.Server.Parts {
		if part.Of == p {
			name := strings.TrimSpace("server: " + part.Name)
			if part.Name == "" {
				name = "server: " + string(p)
			}
			rows = append(rows, row{Name: name, Part: true, Count: count(part.Count), Mean: latency(part.Mean()), Meaning: "as the server measured it: " + serverMeaning[part.Name]})
		}
	}
	return rows
}

// serverMeaning explains the server's parts, in short; docs/operations.md has more.
var serverMeaning = map[string]string{
	"":         "from its close frame to the end of the socket",
	"network":  "one round trip",
	"waiting":  "in the backlog, until accept",
	"tls":      "the TLS handshake",
	"upgrade":  "from there to the 101",
	"encode":   "from the publish command to the encoded push, once for each message",
	"transmit": "from there to the write to the last member, once for each batch",
}

// verdict is the last line.
func (r *Report) verdict() string {
	switch {
	case r.Err != "":
		return "FAILED: " + r.Err
	case r.Violations.Count > 0:
		return "FAILED: " + strings.Join(append([]string{count(r.Violations.Count) + " violations"}, r.Failures...), "; ")
	case len(r.Failures) > 0:
		return "FAILED: " + strings.Join(r.Failures, "; ")
	case r.Interrupted:
		return "OK as far as it came: interrupted"
	}
	return "OK"
}

// checked says what the oracle has checked.
func (r *Report) checked() string {
	if r.Counters.Checked == 0 {
		return "nothing was checked"
	}
	return "none; " + count(r.Counters.Checked) + " deliveries and history entries were checked"
}

// when is the time of the start.
func (r *Report) when() string { return r.Started.UTC().Format("2006-01-02 15:04:05 UTC") }

func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, %s, %s, %s", m.CPU, m.Cores, size(m.Memory), m.Kernel, m.Go)
}

// latencyOf is the phase of the series.
func (r *Report) latencyOf() Phase {
	if r.LatencyOf == "" {
		return Delivery
	}
	return r.LatencyOf
}

// seconds is the length of the series, at least one.
func (r *Report) seconds() int {
	n := int(r.Duration / time.Second)
	if k := len(r.Series); k > 0 {
		n = max(n, r.Series[k-1].At+1)
	}
	return max(n, 1)
}
