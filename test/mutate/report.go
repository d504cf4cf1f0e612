package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// report shows each mutant when it has been tried, and the scores at the end.
type report struct {
	mu     sync.Mutex
	out    io.Writer
	plan   *plan
	total  int
	trials []trial
	errs   []error
}

func newReport(out io.Writer, p *plan) *report {
	r := &report{out: out, plan: p}
	for _, ms := range p.mutations {
		r.total += len(ms)
	}
	return r
}

// suite prints how long the tests of a package take without a mutation.
func (r *report) suite(s *suite) {
	var takes time.Duration
	for _, t := range s.tests {
		takes += t.takes
	}
	fmt.Fprintf(r.out, "# %s: %d tests take %v one after the other, %d mutants\n", s.dir, len(s.tests), takes.Round(100*time.Millisecond), len(r.plan.mutations[s.dir]))
	if len(s.shaky) > 0 {
		fmt.Fprintf(r.out, "# %s: these fail without a mutation and are left out: %s\n", s.dir, strings.Join(s.shaky, " "))
	}
}

// add takes the outcome of one trial.
func (r *report) add(t trial, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	if t.verdict == survived {
		t.why = r.plan.explained[t.id()]
	}
	r.trials = append(r.trials, t)
	fmt.Fprintf(r.out, "%d/%d %-10s %s%s\n", len(r.trials), r.total, t.title(), t.id(), t.detail())
}

func (t *trial) title() string {
	switch {
	case t.verdict == killed:
		return "killed"
	case t.verdict == invalid:
		return "invalid"
	case t.why != "":
		return "explained"
	}
	return "SURVIVED"
}

func (t *trial) detail() string {
	if t.by != "" {
		return "  (" + t.by + ")"
	}
	return fmt.Sprintf("  (line %d, %d tests reach it)", t.where.from.line, t.tests)
}

// score is of the mutations of one kind in one package.
type score struct{ killed, explained, survived, invalid int }

func (s *score) add(t *trial) {
	switch {
	case t.verdict == killed:
		s.killed++
	case t.verdict == invalid:
		s.invalid++
	case t.why != "":
		s.explained++
	default:
		s.survived++
	}
}

// percent is the share of the mutants that are killed.
func (s *score) percent() string {
	all := s.killed + s.explained + s.survived
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(s.killed)/float64(all))
}

// summary lists the survivors, and then the scores.
func (r *report) summary(o options, took time.Duration) {
	slices.SortFunc(r.trials, func(a, b trial) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.from, b.from), cmp.Compare(a.text, b.text))
	})
	for _, kind := range []string{"explained", "SURVIVED"} {
		for i := range r.trials {
			if t := &r.trials[i]; t.title() == kind {
				fmt.Fprintf(r.out, "\n%s %s:%d %s\n    %s\n", kind, t.file, t.where.from.line, t.id(), cmp.Or(t.why, t.fault, "generated"))
			}
		}
	}
	fmt.Fprintf(r.out, "\nseed %d, %v\n\n", o.seed, took.Round(time.Second))
	w := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "package\tmutations\tkilled\texplained\tsurvived\tdo not compile\tscore\t")
	for _, listed := range []bool{true, false} {
		r.scores(w, listed)
	}
	_ = w.Flush()
	for _, err := range r.errs {
		fmt.Fprintln(r.out, "failed:", err)
	}
}

func (r *report) scores(w io.Writer, listed bool) {
	kind := map[bool]string{true: "of list.yaml", false: "generated"}[listed]
	for _, dir := range append(slices.Clone(r.plan.dirs), "all") {
		var s score
		for i := range r.trials {
			if t := &r.trials[i]; (t.fault != "") == listed && (t.pkg() == dir || dir == "all") {
				s.add(t)
			}
		}
		if s != (score{}) {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t\n", dir, kind, s.killed, s.explained, s.survived, s.invalid, s.percent())
		}
	}
}

// failed reports whether a mutation of the list is neither killed nor explained.
func (r *report) failed() bool {
	bad := func(t trial) bool { return t.fault != "" && (t.verdict == invalid || t.title() == "SURVIVED") }
	return len(r.errs) > 0 || slices.ContainsFunc(r.trials, bad)
}
