package report

import "time"

// Merge makes one report of those of the processes of one run: sums, merged histograms, and the
// series laid over one another by the time of day. What describes the run (command, target,
// machine) is that of the first. The reports are not changed. Merge of none is nil.
func Merge(reports ...*Report) *Report {
	if len(reports) == 0 {
		return nil
	}
	first := reports[0]
	all := &Report{
		Tool: first.Tool, Command: first.Command, Scenario: first.Scenario, Target: first.Target, Machine: first.Machine,
		LatencyOf: first.LatencyOf, Started: begin(reports),
	}
	for _, r := range reports {
		all.add(r)
	}
	return all
}

// begin is when the first of them started.
func begin(reports []*Report) time.Time {
	t := reports[0].Started
	for _, r := range reports[1:] {
		if r.Started.Before(t) {
			t = r.Started
		}
	}
	return t
}

func (r *Report) add(o *Report) {
	later := o.Started.Sub(r.Started)
	r.Duration = max(r.Duration, later+o.Duration)
	r.Talk = max(r.Talk, o.Talk)
	r.Processes += max(o.Processes, 1)
	r.Asked += o.Asked
	r.Opened += o.Opened
	r.Phases.Merge(&o.Phases)
	r.Counters.Merge(&o.Counters)
	for _, s := range o.Series.shift(int(later.Round(time.Second) / time.Second)) {
		r.Series.Add(s)
	}
	for _, s := range o.Stages {
		s.Begin, s.End = s.Begin+later, s.End+later
		r.AddStage(s)
	}
	if r.Server == nil {
		r.Server = o.Server
	}
	r.Violations.Merge(&o.Violations)
	r.addWords(o)
}

func (r *Report) addWords(o *Report) {
	for _, u := range o.Unchecked {
		r.Unchecked = addOnce(r.Unchecked, u)
	}
	for _, f := range o.Failures {
		r.Failures = addOnce(r.Failures, f)
	}
	for _, n := range o.Notes {
		r.Note(n)
	}
	r.Interrupted = r.Interrupted || o.Interrupted
	if r.Err == "" {
		r.Err = o.Err
	}
}

// Together reports whether there was a moment at which all of the runs were in progress.
func Together(reports ...*Report) bool {
	for _, a := range reports {
		for _, b := range reports {
			if a.Started.After(b.Started.Add(b.Duration)) {
				return false
			}
		}
	}
	return true
}
