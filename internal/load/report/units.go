package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throngd/throng/internal/terminal"
)

// count is a number with separators: 1,234,567.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// latency is a duration with three significant digits: 312 µs, 1.24 ms, 61.0 s.
func latency(d time.Duration) string {
	v, unit := float64(d), "ns"
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= u.of {
			v, unit = float64(d)/float64(u.of), u.name
			break
		}
	}
	return three(v) + " " + unit
}

// span is how long a run took.
func span(d time.Duration) string {
	if d < time.Minute {
		return latency(d)
	}
	return d.Round(time.Second).String()
}

// size is a number of bytes in decimal units: 38.4 MB.
func size(n int64) string {
	v, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if v < 999.5 {
			break
		}
		v, unit = v/1000, u
	}
	return three(v) + " " + unit
}

// three is a number with up to three significant digits, and all before the point.
func three(v float64) string {
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && a < 1000:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case a < 9.995:
		return fmt.Sprintf("%.2f", v)
	case a < 99.95:
		return fmt.Sprintf("%.1f", v)
	}
	return count(int64(math.Round(v)))
}

// perSecond is a rate: 9,981/s.
func perSecond(n int64, d time.Duration) string { return three(rate(n, d)) + "/s" }

// talk is the time over which messages are counted.
func (r *Report) talk() time.Duration {
	if r.Talk > 0 {
		return r.Talk
	}
	return r.Duration
}

func rate(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// printable makes a text from a server or a file safe for a terminal.
func printable(s string) string { return terminal.Line(s) }

// byCount are the entries of a table of counts, the most frequent first.
func byCount[K int | string | Kind](m map[K]int64) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int {
		if m[a] != m[b] {
			if m[a] > m[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	return keys
}
