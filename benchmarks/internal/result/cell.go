package result

import (
	"slices"
	"strings"
)

// Cell is one server at one workload, with a result for each round.
type Cell struct {
	Server   string   `json:"server"`
	Workload string   `json:"work"`
	Rounds   []Result `json:"rounds"`
	Median   Figure   `json:"median"`
	Fault    string   `json:"fault,omitempty"` // of any round: then there is no figure
}

// NotSupported is the Fault of a server that does not take part in a kind of workload. It is no failure.
const NotSupported = "-"

// Figure is the median of the rounds.
type Figure struct {
	Rate      float64 `json:"rate,omitempty"`
	ServerCPU float64 `json:"server_cpu_us,omitempty"`
	P50       float64 `json:"p50_us,omitempty"`
	P99       float64 `json:"p99_us,omitempty"`
	P999      float64 `json:"p999_us,omitempty"`
	Bytes     float64 `json:"bytes_per_conn,omitempty"`
	Pss       float64 `json:"pss_per_conn,omitempty"`
	Kernel    float64 `json:"kernel_per_conn,omitempty"` // for both ends
	Connects  float64 `json:"connects,omitempty"`
	IdleCost  float64 `json:"idle_cost,omitempty"`
	Half      *Figure `json:"half,omitempty"` // at half of the rate, on a schedule
	// Saturated says that the load generator had no time left, so that the server may be faster. Its processor
	// time is the figure to compare.
	Saturated bool `json:"saturated,omitempty"`
	// Ratio is the ratio to the best floor, round by round, of the figure that decides; CPURatio that of the
	// processor time per delivery, floor over server. More is better in both.
	Ratio    float64 `json:"ratio,omitempty"`
	CPURatio float64 `json:"cpu_ratio,omitempty"`
	// BestRatio is the ratio to the better of the best floor and the best rival.
	BestRatio float64 `json:"best_ratio,omitempty"`
}

// Empty reports whether the server was not measured at the workload: it does not take part in it.
func (c *Cell) Empty() bool {
	return c == nil || c.Fault == NotSupported || c.Fault == "" && len(c.Rounds) == 0
}

// Failure is the word in the place of a figure: LOST, FAILED, or "" if there is a figure.
func (c *Cell) Failure() string {
	switch {
	case c.Fault == "":
		return ""
	case strings.Contains(c.Fault, "lost: "):
		return "LOST"
	}
	return "FAILED"
}

// Each returns a figure of every round.
func (c *Cell) Each(of func(Result) float64) (all []float64) {
	for _, r := range c.Rounds {
		all = append(all, of(r))
	}
	return all
}

// MedianOf is the median of a figure over the rounds, 0 if the cell has none.
func (c *Cell) MedianOf(of func(Result) float64) float64 {
	if c.Empty() || c.Fault != "" {
		return 0
	}
	return Median(c.Each(of))
}

// RatiosTo divides a figure by that of another cell, round by round.
func (c *Cell) RatiosTo(other *Cell, of func(Result) float64) (all []float64) {
	for i, r := range c.Rounds {
		if i < len(other.Rounds) && of(other.Rounds[i]) > 0 {
			all = append(all, of(r)/of(other.Rounds[i]))
		}
	}
	return all
}

// Median of the values, 0 if there are none. It sorts them.
func Median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
