package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

// Threshold is a condition on one number of a report, as "delivery.p99>50ms" or "refused>0.1%".
type Threshold struct {
	Text   string
	metric metric
	above  bool // otherwise below
	equal  bool // the limit itself meets it
	limit  float64
}

// metric reads one number of a report. ok is false if it was not measured.
type metric struct {
	name string
	unit unit
	read func(r *Report) (v float64, ok bool)
}

type unit uint8

const (
	seconds unit = iota // a duration
	plain               // a count
	share               // a count, or with % a share
)

const thresholdHint = `write it as METRIC>VALUE or METRIC<VALUE, for example delivery.p99>50ms, connect.max>2s, refused>0.1%, errors>0; ` +
	`metrics: connect tcp tls http reply join ack delivery ping close back, each with .p50 .p90 .p99 .p99.9 .max or .mean; ` +
	`refused late opened delivered, as a number or with %; errors disconnects failed-dials`

// ParseThreshold reads the text of a condition.
func ParseThreshold(text string) (Threshold, error) {
	i := strings.IndexAny(text, "<>")
	if i < 0 {
		return Threshold{}, clierr.Usagef(thresholdHint, "--fail-if %q compares nothing", text)
	}
	t := Threshold{Text: text, above: text[i] == '>'}
	value := text[i+1:]
	if value, t.equal = strings.CutPrefix(value, "="); value == "" {
		return t, clierr.Usagef(thresholdHint, "--fail-if %q has no value", text)
	}
	var known, percent bool
	if t.metric, known = metricNamed(strings.TrimSpace(text[:i])); !known {
		return t, clierr.Usagef(thresholdHint, "--fail-if %q: there is no metric %q", text, strings.TrimSpace(text[:i]))
	}
	value = strings.TrimSpace(value)
	if t.metric.unit == seconds {
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return t, clierr.Usagef(thresholdHint, "--fail-if %q: %q is no duration", text, value)
		}
		t.limit = d.Seconds()
		return t, nil
	}
	if value, percent = strings.CutSuffix(value, "%"); percent {
		if t.metric.unit != share {
			return t, clierr.Usagef(thresholdHint, "--fail-if %q: %s is a number", text, t.metric.name)
		}
		t.metric = shareOf(t.metric.name)
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || !(v >= 0) {
		return t, clierr.Usagef(thresholdHint, "--fail-if %q: %q is no number", text, value)
	}
	t.limit = v
	return t, nil
}

func metricNamed(name string) (metric, bool) {
	switch name {
	case "refused", "late", "opened", "delivered":
		return metric{name, share, func(r *Report) (float64, bool) { n, _ := r.part(name); return float64(n), true }}, true
	case "errors":
		return metric{name, plain, func(r *Report) (float64, bool) { return float64(total(r.Counters.Errors)), true }}, true
	case "disconnects":
		return metric{name, plain, func(r *Report) (float64, bool) { return float64(total(r.Counters.Disconnects)), true }}, true
	case "failed-dials":
		return metric{name, plain, func(r *Report) (float64, bool) { return float64(r.Counters.FailedDials), true }}, true
	}
	phase, of, _ := strings.Cut(name, ".")
	quantile, known := map[string]float64{"p50": .5, "p90": .9, "p99": .99, "p99.9": .999, "p999": .999, "max": 1, "mean": 0}[of]
	if !known || !slices.Contains(AllPhases(), Phase(phase)) {
		return metric{}, false
	}
	return metric{name, seconds, func(r *Report) (float64, bool) {
		h := r.Phases.Get(Phase(phase))
		switch of {
		case "mean":
			return h.Mean().Seconds(), h.Count() > 0
		case "max":
			return h.Max().Seconds(), h.Count() > 0
		}
		return h.Quantile(quantile).Seconds(), h.Count() > 0
	}}, true
}

// shareOf is the metric in percent of its whole.
func shareOf(name string) metric {
	return metric{name, share, func(r *Report) (float64, bool) {
		n, of := r.part(name)
		if of == 0 {
			return 0, false
		}
		return 100 * float64(n) / float64(of), true
	}}
}

// met reports whether the condition holds, and the value as a text.
func (t Threshold) met(r *Report) (bool, string) {
	v, ok := t.metric.read(r)
	if !ok {
		return true, "not measured"
	}
	text := three(v)
	switch {
	case t.metric.unit == seconds:
		text = latency(time.Duration(v * float64(time.Second)))
	case strings.HasSuffix(t.Text, "%"):
		text += " %"
	}
	return t.above && v > t.limit || !t.above && v < t.limit || t.equal && v == t.limit, text
}
