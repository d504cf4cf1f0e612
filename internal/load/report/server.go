package report

import "time"

// Server has the differences of the target's metrics between the first and the last scrape.
type Server struct {
	Parts []Part        `json:"parts,omitempty"` // of its own work, in the order of a connection's life
	CPU   time.Duration `json:"cpu_ns"`          // user and system
	GCs   int64         `json:"gcs"`
	GCMax time.Duration `json:"gc_pause_max_ns"` // the longest stop of a collection that the metrics remember
}

// Part is the server's own share of a phase, as a count and a sum.
type Part struct {
	Of    Phase         `json:"of"`
	Name  string        `json:"name"`
	Count int64         `json:"count"`
	Sum   time.Duration `json:"sum_ns"`
}

// Mean is the arithmetic one, 0 if there was none.
func (p Part) Mean() time.Duration {
	if p.Count == 0 {
		return 0
	}
	return p.Sum / time.Duration(p.Count)
}
