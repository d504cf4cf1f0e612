package edge

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestHistoryIsAnsweredInParts reads a room of 2 MB with repeated requests: no reply is much larger than 128 KiB, every
// reply but the last says that there are more messages, and together they have all messages.
func TestHistoryIsAnsweredInParts(t *testing.T) {
	const n, size = 70, 30_000
	_, url := serve(t, func(c *Config) { c.PingInterval, c.Channel.WithoutNamespace.HistorySize = time.Hour, n })
	p := connect(t, url, "A")
	p.write("r", 0, n, size)
	type page struct {
		Publications []struct {
			Offset uint64
			Data   struct{ N int }
		}
		Epoch string
		More  bool
	}
	for _, reverse := range []bool{false, true} {
		var got []int
		since, answers := "", 0
		for more := true; more; answers++ {
			p.send(fmt.Sprintf(`{"id":5,"history":{"channel":"r","limit":-1,"reverse":%v%s}}`, reverse, since))
			line := p.expect(`{"id":5,"history":{*}}`)
			if len(line) > 128<<10+200 {
				t.Errorf("an answer of %d bytes", len(line))
			}
			r := result[page](t, line, "history")
			for _, pub := range r.Publications {
				got = append(got, pub.Data.N)
				since = fmt.Sprintf(`,"since":{"offset":%d,"epoch":%q}`, pub.Offset, r.Epoch)
			}
			more = r.More
		}
		if reverse {
			slices.Reverse(got)
		}
		if !slices.Equal(got, counted(0, n-1)) || answers < n*size/(128<<10) {
			t.Errorf("reverse %v: %d answers with %v", reverse, answers, got)
		}
	}
}
