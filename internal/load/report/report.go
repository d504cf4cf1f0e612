package report

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"time"
)

// Report is the result of one run, or of several processes of one run that were merged. It is
// not safe for concurrent use.
type Report struct {
	Tool     string  `json:"tool"`     // name and version of the load tester
	Command  string  `json:"command"`  // the command line
	Scenario string  `json:"scenario"` // idle, fanout, ...
	Target   string  `json:"target"`   // the URL, without a password
	Machine  Machine `json:"machine"`  // where the load tester ran

	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration_ns"`
	// Talk is the part of it in which messages were sent; their rates are over it. 0 means all.
	Talk      time.Duration `json:"talk_ns,omitempty"`
	Processes int           `json:"processes"`
	Asked     int64         `json:"connections_asked"`
	Opened    int64         `json:"connections_opened"` // those that were ever open at the same time; all of them in scenario connect

	Phases   Phases   `json:"phases"`
	Counters Counters `json:"counters"`
	// LatencyOf is the phase whose latency the series shows. Empty means Delivery.
	LatencyOf Phase   `json:"latency_of"`
	Series    Series  `json:"series"`
	Stages    []Stage `json:"stages,omitempty"`
	// Server has the target's own measurements over the whole run, with --target-admin.
	Server *Server `json:"server,omitempty"`

	Violations Violations  `json:"violations"`
	Unchecked  []Unchecked `json:"unchecked,omitempty"`
	Notes      []string    `json:"notes,omitempty"`

	Failures    []string `json:"failures,omitempty"`    // what the run has failed by, beside violations; see Judge
	Interrupted bool     `json:"interrupted,omitempty"` // Ctrl-C: the numbers are those until then
	Err         string   `json:"error,omitempty"`       // why the run failed or ended early
}

// Machine describes the machine of the load tester.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory_bytes"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}

// Unchecked is a rule that could not be checked, and why.
type Unchecked struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// New begins a report now, on this machine.
func New(command, scenario, target string) *Report {
	return &Report{
		Tool: tool(), Command: command, Scenario: scenario, Target: withoutPassword(target),
		Machine: thisMachine(), Started: time.Now(), Processes: 1,
	}
}

// OK reports whether the target passed: no violation, no error that ended the run, and no rule of Judge broken. An
// interrupted run is OK if nothing failed until then.
func (r *Report) OK() bool { return r.Violations.Count == 0 && r.Err == "" && len(r.Failures) == 0 }

// Fail notes why the run failed. The first reason counts.
func (r *Report) Fail(err error) {
	if r.Err == "" && err != nil {
		r.Err = err.Error()
	}
}

// Note adds a sentence for the reader, once.
func (r *Report) Note(text string) { r.Notes = addOnce(r.Notes, text) }

// Skip notes that something could not be checked, once.
func (r *Report) Skip(what, why string) { r.Unchecked = addOnce(r.Unchecked, Unchecked{what, why}) }

// tool is the version of the module, which the linker knows.
func tool() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return "throng " + info.Main.Version
	}
	return "throng (devel)"
}

func thisMachine() Machine {
	cpu, memory, kernel := describe()
	return Machine{CPU: cpu, Cores: runtime.NumCPU(), Memory: memory, Kernel: kernel, Go: runtime.Version()}
}

// format and formatVersion open every file, so that a foreign one is recognized.
const (
	format        = "throng load report"
	formatVersion = 1
)

type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

// MarshalJSON puts the header first.
func (r *Report) MarshalJSON() ([]byte, error) {
	type plain Report
	return json.Marshal(struct {
		header
		*plain
	}{header{format, formatVersion}, (*plain)(r)})
}
