package result

import (
	"slices"
	"strconv"
	"time"
)

// Run is everything that one run of the benchmark measured, and where: the content of
// results/DATE.json. The runner writes it; plots and tables are made from it.
type Run struct {
	Date      string        `json:"date"`
	Commit    string        `json:"commit"`
	Command   string        `json:"command"`
	Machine   string        `json:"machine"`
	Kernel    string        `json:"kernel"`
	Go        string        `json:"go"`
	Pinned    bool          `json:"pinned"`
	Time      time.Duration `json:"time_ns"`
	Slice     time.Duration `json:"slice_ns"` // servers took turns of at least this length; 0: one came after the other
	Servers   []Server      `json:"servers"`
	Workloads []Workload    `json:"works"`
	Cells     []*Cell       `json:"cells"`
	Goals     []Goal        `json:"goals,omitempty"`
	// Warnings are about the machine: what it could not provide during the run.
	Warnings []string `json:"warnings,omitempty"`
	// Missing are the servers that Read has left out, because they were not installed.
	Missing []string `json:"-"`
}

// Server is a program under test. It must listen on the address that it is given.
type Server struct {
	Name    string   `json:"name"`
	Program string   `json:"program"` // in the directory of programs
	Args    []string `json:"args"`    // with ADDR for the address and ADMIN for a second one
	// Endpoints has the server's endpoint for each kind of workload. A server takes part only in these.
	Endpoints map[string]Endpoint `json:"speaks"`
	Floor     bool                `json:"floor,omitempty"` // others are compared with the best of the floors
	// FloorOf is the server that this floor sends as many bytes as. That server is compared with its own floors
	// where there are any, and no other server is.
	FloorOf string `json:"floor_of,omitempty"`
	// Batching is a floor that differs from the others in how many messages it sends together. In workloads without
	// such messages the floors are the same program, and the best of three equal ones is the luckiest: then it is
	// left out.
	Batching bool `json:"batching,omitempty"`
	Rival    bool `json:"rival,omitempty"` // for some goals, others are compared with the best of the rivals
	// Alone is a server that uses processor time while no client is active, or that takes long to open connections.
	// It is measured while no other server runs.
	Alone bool `json:"restless,omitempty"`
}

// Endpoint is how the load generator reaches a server for one kind of workload.
type Endpoint struct {
	Protocol, Path string   // a protocol of internal/wire; "": its usual path
	Program        string   `json:",omitempty"` // instead of the server's
	Args           []string `json:",omitempty"` // after the server's; PING stands for the ping interval, PONG for half of it
}

// Workload is one way to run the load generator.
type Workload struct {
	Name  string        `json:"name"`
	Kind  string        `json:"kind"` // the generator's command
	Args  []string      `json:"args"`
	Files uint64        `json:"files"`              // descriptors that it needs, in the server and in the generator
	Limit time.Duration `json:"limit_ns,omitempty"` // how long it may take beside the measured time; 0: 60 s
}

// Flag is the value of a flag of the generator, such as "members".
func (w Workload) Flag(name string) (int, bool) {
	i := slices.Index(w.Args, "--"+name)
	if i < 0 || i+1 >= len(w.Args) {
		return 0, false
	}
	n, err := strconv.Atoi(w.Args[i+1])
	return n, err == nil
}

// Batched reports whether there are messages that a server can send together.
func (w Workload) Batched() bool { return w.inflight() > 1 || w.pipeline() > 1 }

func (w Workload) isRoom() bool {
	rooms, many := w.Flag("rooms")
	return w.Kind == "fanout" && (!many || rooms == 1) && !slices.Contains(w.Args, "--churn")
}

func (w Workload) inflight() int { n, _ := w.Flag("inflight"); return n }
func (w Workload) pipeline() int { n, _ := w.Flag("pipeline"); return n }
func (w Workload) members() int  { n, _ := w.Flag("members"); return n }

// Goal is one of the project's goals for one server and workload, and whether it is met.
type Goal struct {
	Server   string  `json:"server"`
	Workload string  `json:"work"`
	What     string  `json:"what"`
	Want     float64 `json:"want"`
	Most     bool    `json:"most,omitempty"` // Want is an upper bound, otherwise a lower one
	Value    float64 `json:"value"`          // the median of the rounds
	// Uncertainty is the standard error of the rounds, 0 if it is not known.
	Uncertainty float64 `json:"uncertainty,omitempty"`
	Met         bool    `json:"met"`
	NoValue     string  `json:"hole,omitempty"` // why there is no value
}

// Cell returns the results of a server at a workload, nil if it was not measured.
func (r *Run) Cell(server, workload string) *Cell {
	for _, c := range r.Cells {
		if c.Server == server && c.Workload == workload {
			return c
		}
	}
	return nil
}

// Workload returns the one of that name, or the zero Workload.
func (r *Run) Workload(name string) Workload {
	for _, w := range r.Workloads {
		if w.Name == name {
			return w
		}
	}
	return Workload{}
}

// Rounds is the number of rounds.
func (r *Run) Rounds() (n int) {
	for _, c := range r.Cells {
		n = max(n, len(c.Rounds))
	}
	return n
}

// Room returns the workloads of one room of that many members in accept order, by messages in flight.
func (r *Run) Room(members int) (all []Workload) {
	for _, w := range r.Workloads {
		if n, ok := w.Flag("members"); ok && n == members && w.isRoom() {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b Workload) int { return a.inflight() - b.inflight() })
	return all
}

// Members returns the workloads of one room with that many messages in flight, by members.
func (r *Run) Members(inflight int) (all []Workload) {
	for _, w := range r.Workloads {
		if w.isRoom() && w.inflight() == inflight {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b Workload) int { return a.members() - b.members() })
	return all
}
