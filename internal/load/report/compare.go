package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// same is the difference within which two medians are called the same.
const same = 0.05

// enough is the number of runs on each side from which on a verdict is given. If both sides were the same, all runs of one
// would be above all of the other in one of ten comparisons with 3 runs a side, and in one of 35 with 4.
const enough = 3

// Side is one of the two sides of a comparison: runs of the same thing, with the names of their files.
type Side struct {
	Names   []string
	Reports []*Report
}

// grade says whether a greater value is better.
type grade uint8

const (
	lessIsBetter grade = iota
	moreIsBetter
	ungraded // an input of the run, or what follows from its inputs alone
)

// comparison is one number of all runs of both sides, in ascending order.
type comparison struct {
	name   string
	a, b   []float64
	format func(float64) string
	grade  grade
}

// ratio is the median of b divided by that of a.
func (c comparison) ratio() string {
	a, b := median(c.a), median(c.b)
	switch {
	case a == b:
		return "1.00"
	case a == 0:
		return "new"
	}
	return fmt.Sprintf("%.2f", b/a)
}

// verdict says whether b is better or worse than a. It does so only if there are enough runs, no run of one side lies
// within the range of the other, and the medians differ by more than 5 %.
func (c comparison) verdict() string {
	a, b := median(c.a), median(c.b)
	switch {
	case c.grade == ungraded || len(c.a) < enough || len(c.b) < enough || math.Abs(b-a) <= same*math.Abs(a):
		return ""
	case c.a[0] <= c.b[len(c.b)-1] && c.b[0] <= c.a[len(c.a)-1]:
		return "within the spread"
	case b > a == (c.grade == moreIsBetter):
		return "better"
	}
	return "worse"
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// WriteComparison writes a table of two sides: the median of each number of a and of b, b / a, the range if there are
// several runs, and the better side if there is a verdict.
func WriteComparison(w io.Writer, a, b Side) error {
	all := comparisons(a.Reports, b.Reports)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n", conclusion(all, len(a.Reports), len(b.Reports)))
	for _, side := range []struct {
		name string
		Side
	}{{"A", a}, {"B", b}} {
		for i, r := range side.Reports {
			fmt.Fprintf(&out, "%s  %s: %s, %s\n   %s\n", side.name, printable(side.Names[i]), r.when(), printable(r.verdict()), printable(r.Command))
		}
	}
	for _, d := range differences(append(slices.Clone(a.Reports), b.Reports...)) {
		fmt.Fprintf(&out, "note: %s\n", printable(d))
	}
	writeComparisons(&out, all)
	return writeTrimmed(w, out.Bytes())
}

// conclusion is the result of the comparison in one sentence.
func conclusion(all []comparison, runsA, runsB int) string {
	if runsA < enough || runsB < enough {
		return fmt.Sprintf("Nothing is called better or worse: that takes %d runs or more on each side (throng load report A1 A2 A3 --against B1,B2,B3), since single runs differ by themselves.", enough)
	}
	n := map[string]int{}
	for _, c := range all {
		if c.grade != ungraded {
			n[c.verdict()]++
		}
	}
	return fmt.Sprintf("B is better in %d numbers and worse in %d; in %d the ranges of the runs overlap, in %d the medians differ by no more than %.0f %%.",
		n["better"], n["worse"], n["within the spread"], n[""], 100*same)
}

func writeComparisons(out *bytes.Buffer, all []comparison) {
	const line = "%-32s %11s %11s %7s  %-18s %s\n"
	fmt.Fprintf(out, "\n"+line, "", "A", "B", "B / A", "", "")
	for _, c := range all {
		ranges := ""
		if len(c.a) > 1 || len(c.b) > 1 {
			ranges = fmt.Sprintf("A %s, B %s", c.span(c.a), c.span(c.b))
		}
		fmt.Fprintf(out, line, c.name, c.format(median(c.a)), c.format(median(c.b)), c.ratio(), c.verdict(), ranges)
	}
}

// span is the range of the runs of one side.
func (c comparison) span(sorted []float64) string {
	least, most := c.format(sorted[0]), c.format(sorted[len(sorted)-1])
	if least == most {
		return least
	}
	return least + " to " + most
}

// differences lists the conditions in which the sides differ.
func differences(all []*Report) (notes []string) {
	differ := func(what string, of func(*Report) string) {
		var values []string
		for _, r := range all {
			values = addOnce(values, of(r))
		}
		if len(values) > 1 {
			notes = append(notes, fmt.Sprintf("the runs differ in %s: %s", what, strings.Join(values, ", ")))
		}
	}
	differ("the scenario", func(r *Report) string { return r.Scenario })
	differ("the connections", func(r *Report) string { return count(r.Asked) })
	differ("the target", func(r *Report) string { return r.Target })
	differ("the machine", func(r *Report) string { return r.Machine.String() })
	differ("the load tester", func(r *Report) string { return r.Tool })
	var commands []string
	for _, r := range all {
		commands = addOnce(commands, asked(r.Command))
	}
	if len(commands) > 1 {
		notes = append(notes, "the command lines differ: compare them above")
	}
	return notes
}

// asked is a command line without the names of its output files.
func asked(command string) string {
	return regexp.MustCompile(` --(json|html)[ =]\S+`).ReplaceAllString(command, "")
}

// comparisons are the numbers of both sides. What the command line sets, and what follows from it as long as nothing is
// lost (rates of a schedule), is shown and not graded.
func comparisons(a, b []*Report) (all []comparison) {
	number := func(v float64) string { return count(int64(v)) }
	add := func(name string, format func(float64) string, g grade, of func(r *Report) float64) {
		c := comparison{name, values(a, of), values(b, of), format, g}
		if c.a[len(c.a)-1] != 0 || c.b[len(c.b)-1] != 0 {
			all = append(all, c)
		}
	}
	opened := ungraded
	if a[0].Scenario == "connect" {
		opened = moreIsBetter
	}
	add("duration", asSpan, ungraded, func(r *Report) float64 { return r.Duration.Seconds() })
	add("connections opened", number, opened, func(r *Report) float64 { return float64(r.Opened) })
	add("dials per second", three, ungraded, func(r *Report) float64 { return rate(r.Counters.Dials, r.Duration) })
	add("failed dials", number, lessIsBetter, func(r *Report) float64 { return float64(r.Counters.FailedDials) })
	add("sent per second", three, ungraded, func(r *Report) float64 { return rate(r.Counters.Sent, r.talk()) })
	add("refused", number, lessIsBetter, func(r *Report) float64 { return float64(r.Counters.Refused) })
	add("delivered per second", three, ungraded, func(r *Report) float64 { return rate(r.Counters.Delivered, r.talk()) })
	add("sent too late", number, ungraded, func(r *Report) float64 { return float64(r.Counters.Late) })
	add("disconnects", number, lessIsBetter, func(r *Report) float64 { return float64(total(r.Counters.Disconnects)) })
	add("errors", number, lessIsBetter, func(r *Report) float64 { return float64(total(r.Counters.Errors)) })
	add("violations", number, lessIsBetter, func(r *Report) float64 { return float64(r.Violations.Count) })
	for _, p := range AllPhases() {
		if !measured(a, p) || !measured(b, p) {
			continue
		}
		for _, q := range []struct {
			name string
			at   float64
		}{{"p50", .5}, {"p99", .99}, {"p99.9", .999}} {
			add(p.Title()+", "+q.name, asSpan, lessIsBetter, func(r *Report) float64 { return r.Phases.Get(p).Quantile(q.at).Seconds() })
		}
	}
	add("target memory, most", asSize, lessIsBetter, func(r *Report) float64 { return float64(r.Series.most().Resident) })
	add("target CPU per second", asSpan, lessIsBetter, cores)
	return all
}

// values are one number of all runs of a side, in ascending order.
func values(runs []*Report, of func(r *Report) float64) []float64 {
	var v []float64
	for _, r := range runs {
		v = append(v, of(r))
	}
	slices.Sort(v)
	return v
}

// measured reports whether every run has measured a phase.
func measured(runs []*Report, p Phase) bool {
	return !slices.ContainsFunc(runs, func(r *Report) bool { return r.Phases.Get(p).Count() == 0 })
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
