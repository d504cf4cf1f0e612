package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"time"
)

// same is the difference within which two runs are called the same.
const same = 0.05

// comparison is one number of two runs.
type comparison struct {
	name     string
	a, b     float64
	format   func(float64) string
	moreGood bool // more is better; otherwise less
	neutral  bool // neither is
}

// ratio is b / a as a text, and whether b is better (1), worse (-1) or about the same.
func (c comparison) ratio() (string, int) {
	switch {
	case c.a == c.b:
		return "1.00", 0
	case c.a == 0 && c.moreGood:
		return "new", 1
	case c.a == 0:
		return "new", -1
	}
	ratio := c.b / c.a
	better := -1
	if ratio > 1 == c.moreGood {
		better = 1
	}
	if math.Abs(ratio-1) <= same {
		better = 0
	}
	return fmt.Sprintf("%.2f", ratio), better
}

// WriteComparison writes two runs side by side: each number of a and of b, b / a, and which is
// better. Which of them a number is better for is said for each; there is no sum of all.
func WriteComparison(w io.Writer, nameA, nameB string, a, b *Report) error {
	var out bytes.Buffer
	for _, r := range []struct {
		name, file string
		*Report
	}{{"A", nameA, a}, {"B", nameB, b}} {
		fmt.Fprintf(&out, "%s  %s: %s, %s\n   %s\n", r.name, printable(r.file), r.when(), printable(r.verdict()), printable(r.Command))
	}
	for _, d := range differences(a, b) {
		fmt.Fprintf(&out, "note: %s\n", printable(d))
	}
	writeComparisons(&out, comparisons(a, b))
	return writeTrimmed(w, out.Bytes())
}

func writeComparisons(out *bytes.Buffer, all []comparison) {
	const line = "%-36s %13s %13s %8s  %s\n"
	fmt.Fprintf(out, "\n"+line, "", "A", "B", "B / A", "")
	var better, worse, equal int
	for _, c := range all {
		ratio, verdict := c.ratio()
		word := ""
		switch {
		case c.neutral:
		case verdict > 0:
			word, better = "better", better+1
		case verdict < 0:
			word, worse = "worse", worse+1
		default:
			equal++
		}
		fmt.Fprintf(out, line, c.name, c.format(c.a), c.format(c.b), ratio, word)
	}
	fmt.Fprintf(out, "\nB is better in %d, worse in %d, about the same (within %.0f %%) in %d\n", better, worse, same*100, equal)
}

// differences are what makes the comparison one of different things.
func differences(a, b *Report) (all []string) {
	differ := func(what, x, y string) {
		if x != y {
			all = append(all, fmt.Sprintf("the runs differ in %s: %s, %s", what, x, y))
		}
	}
	differ("the scenario", a.Scenario, b.Scenario)
	differ("the connections", count(a.Asked), count(b.Asked))
	differ("the target", a.Target, b.Target)
	differ("the machine", a.Machine.String(), b.Machine.String())
	differ("the load tester", a.Tool, b.Tool)
	if asked(a.Command) != asked(b.Command) {
		all = append(all, "the command lines differ: compare them above")
	}
	return all
}

// asked is a command line without the names of the files that it wrote.
func asked(command string) string {
	return regexp.MustCompile(` --(json|html)[ =]\S+`).ReplaceAllString(command, "")
}

func comparisons(a, b *Report) (all []comparison) {
	number := func(v float64) string { return count(int64(v)) }
	add := func(c comparison) {
		if c.a != 0 || c.b != 0 {
			all = append(all, c)
		}
	}
	x, y := &a.Counters, &b.Counters
	add(comparison{"duration", a.Duration.Seconds(), b.Duration.Seconds(), asSpan, false, true})
	add(comparison{"connections opened", float64(a.Opened), float64(b.Opened), number, true, false})
	add(comparison{"dials per second", rate(x.Dials, a.Duration), rate(y.Dials, b.Duration), three, true, true})
	add(comparison{"failed dials", float64(x.FailedDials), float64(y.FailedDials), number, false, false})
	add(comparison{"sent per second", rate(x.Sent, a.talk()), rate(y.Sent, b.talk()), three, true, false})
	add(comparison{"refused", float64(x.Refused), float64(y.Refused), number, false, false})
	add(comparison{"delivered per second", rate(x.Delivered, a.talk()), rate(y.Delivered, b.talk()), three, true, false})
	add(comparison{"disconnects", float64(total(x.Disconnects)), float64(total(y.Disconnects)), number, false, false})
	add(comparison{"errors", float64(total(x.Errors)), float64(total(y.Errors)), number, false, false})
	add(comparison{"violations", float64(a.Violations.Count), float64(b.Violations.Count), number, false, false})
	for _, p := range AllPhases() {
		for _, c := range comparePhase(p, a.Phases.Get(p), b.Phases.Get(p)) {
			add(c)
		}
	}
	m, n := a.Series.most(), b.Series.most()
	add(comparison{"target memory, most", float64(m.Resident), float64(n.Resident), asSize, false, false})
	add(comparison{"target CPU per second", cores(a), cores(b), asSpan, false, false})
	return all
}

// comparePhase compares what both have measured.
func comparePhase(p Phase, a, b *Histogram) (all []comparison) {
	if a.Count() == 0 || b.Count() == 0 {
		return nil
	}
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", .5}, {"p99", .99}, {"p99.9", .999}} {
		all = append(all, comparison{p.Title() + ", " + q.name, a.Quantile(q.at).Seconds(), b.Quantile(q.at).Seconds(), asSpan, false, false})
	}
	return all
}

func asSpan(s float64) string { return span(time.Duration(math.Round(s * 1e9))) }
func asSize(n float64) string { return size(int64(n)) }

func cores(r *Report) float64 {
	if r.Server == nil || r.Duration <= 0 {
		return 0
	}
	return r.Server.CPU.Seconds() / r.Duration.Seconds()
}

func total[K comparable](m map[K]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}
