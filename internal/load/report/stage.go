package report

import (
	"fmt"
	"slices"
	"time"
)

// Stage is a part of the run. Its times are since Report.Started; the first one, Before, is the
// moment before anything was opened.
type Stage struct {
	Name  string        `json:"name"`
	Begin time.Duration `json:"begin_ns"`
	End   time.Duration `json:"end_ns"`

	Open      int64 `json:"connections"` // in their rooms at its end
	Delivered int64 `json:"delivered"`   // in it, as the next two
	Pings     int64 `json:"pings"`
	Pinged    int64 `json:"pinged,omitempty"` // connections that had at least one of the pings; stage Keep only

	Kernel    *Kernel       `json:"kernel,omitempty"` // at its end
	Target    *Target       `json:"target,omitempty"` // at its end, with --target-admin as the next one
	TargetCPU time.Duration `json:"target_cpu_ns,omitempty"`
}

// Names of stages that the report treats specially.
const (
	Before = "before"
	Open   = "open"
	Keep   = "keep"
)

// Took is how long it lasted.
func (s *Stage) Took() time.Duration { return s.End - s.Begin }

// AddStage adds a stage, or the same stage of another process.
func (r *Report) AddStage(s Stage) {
	i := slices.IndexFunc(r.Stages, func(o Stage) bool { return o.Name == s.Name })
	if i < 0 {
		r.Stages = append(r.Stages, s)
		return
	}
	r.Stages[i].merge(s)
}

// merge adds the share of another process. Kernel and target are the same for both processes.
func (s *Stage) merge(o Stage) {
	s.Begin, s.End = min(s.Begin, o.Begin), max(s.End, o.End)
	s.Open += o.Open
	s.Delivered += o.Delivered
	s.Pings += o.Pings
	s.Pinged += o.Pinged
	if o.Kernel != nil && (s.Kernel == nil || o.Kernel.Slab > s.Kernel.Slab) {
		s.Kernel = o.Kernel
	}
	if s.Target == nil {
		s.Target, s.TargetCPU = o.Target, o.TargetCPU
	}
}

func (r *Report) stage(name string) *Stage {
	for i := range r.Stages {
		if r.Stages[i].Name == name {
			return &r.Stages[i]
		}
	}
	return nil
}

// stageRow is a line of the table of stages.
type stageRow struct{ Name, Took, Open, Pings, Delivered, Resident, CPU, Slab, Buffers string }

// stageRows are all stages, with what the target and the kernel had at the end of each.
func (r *Report) stageRows() (rows []stageRow) {
	for _, s := range r.Stages {
		row := stageRow{Name: s.Name, Open: count(s.Open), Pings: count(s.Pings), Delivered: count(s.Delivered)}
		if s.Name != Before {
			row.Took = span(s.Took())
		}
		if s.Target != nil {
			row.Resident, row.CPU = size(s.Target.Resident), span(s.TargetCPU)
		}
		if s.Kernel != nil {
			row.Slab, row.Buffers = size(s.Kernel.Slab), size(s.Kernel.Buffers)
		}
		rows = append(rows, row)
	}
	return rows
}

// stageFacts are the costs of one connection and of one ping that follow from the stages.
func (r *Report) stageFacts() (all []fact) {
	before, open, keep := r.stage(Before), r.stage(Open), r.stage(Keep)
	if before == nil || open == nil || open.Open <= 0 {
		return nil
	}
	calm := open
	if keep != nil && keep.Open > 0 {
		calm = keep // what opening took besides is given back by then
	}
	if before.Target != nil && open.Target != nil && calm.Target != nil {
		memory := "no more of the target's memory than it had" // it was warm
		if grown := calm.Target.Resident - before.Target.Resident; grown > 0 {
			memory = size(each(grown, calm.Open)) + " of the target's memory"
		}
		all = append(all, fact{"per connection", fmt.Sprintf("%s, %s of its CPU to open", memory, span(time.Duration(each(int64(open.TargetCPU), open.Open))))})
	}
	if before.Kernel != nil && calm.Kernel != nil {
		name := "per connection"
		if len(all) > 0 {
			name = "" // the line above has it
		}
		all = append(all, fact{name, fmt.Sprintf("%s of kernel memory on this machine (slab), %s of socket buffers: both ends if the target is here too",
			size(each(calm.Kernel.Slab-before.Kernel.Slab, calm.Open)), size(each(calm.Kernel.Buffers-before.Kernel.Buffers, calm.Open)))})
	}
	if calm != keep || keep.Pings <= 0 {
		return all
	}
	all = append(all, fact{"kept", fmt.Sprintf("%s: %s of %s connections had at least one ping", span(keep.Took()), count(keep.Pinged), count(keep.Open))})
	if keep.Target != nil {
		one := float64(keep.TargetCPU) / float64(keep.Pings)
		all = append(all, fact{"ping round", fmt.Sprintf("%s of the target's CPU for a ping to each connection and its answer, %s each",
			span(time.Duration(one*float64(keep.Open))), latency(time.Duration(one)))})
	}
	return all
}

// each is n for each of so many; memory that became less counts as none.
func each(n, of int64) int64 { return max(n, 0) / of }
