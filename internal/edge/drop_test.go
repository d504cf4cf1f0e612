package edge

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/config"
)

// TestSlowMemberIsToldWhatItMissed: in a room with slow_consumer: drop a member that does not read misses whole
// publications, and receives their number at the position of the gap.
func TestSlowMemberIsToldWhatItMissed(t *testing.T) {
	const room, size = "typing:x", 10_000
	e, url := serve(t, func(c *Config) {
		c.MaxBacklog = 2 << 20
		for i := range c.Channel.Namespaces {
			if ns := &c.Channel.Namespaces[i]; ns.Name == "typing" {
				ns.SlowConsumer = config.SlowDrop
			}
		}
	})
	slow, fast := connect(t, url, "slow"), connect(t, url, "fast")
	for _, p := range []*peer{slow, fast} {
		p.send(`{"id":2,"subscribe":{"channel":"` + room + `"}}`)
		p.expect(`{"id":2,"subscribe":{*}}`)
	}
	slow.send(`{"id":3,"publish":{"channel":"` + room + `","data":"begin"}}`)
	fast.expect(`{"push":{"channel":"` + room + `","pub":{"data":"begin"*`)
	const n = 1500 // 15 MB: more than the sockets and the backlog hold
	pad := strings.Repeat("x", size)
	for i := range n {
		fast.send(fmt.Sprintf(`{"id":%d,"publish":{"channel":%q,"data":{"n":%d,"pad":%q}}}`, i+10, room, i, pad))
		fast.until(fmt.Sprintf(`{"push":{"channel":%q,"pub":{"data":{"n":%d,*`, room, i))
	}
	slow.send(`{"id":4,"presence_stats":{"channel":"` + room + `"}}`)
	numbers := slow.collect(t, room)
	got, missed, notices := 0, 0, 0
	for _, x := range numbers {
		if x < 0 {
			missed, notices = missed-x, notices+1
		} else if got++; x != got-1+missed {
			t.Fatalf("number %d after %d messages and %d missed", x, got-1, missed)
		}
	}
	if t.Logf("%d came, %d were dropped in %d gaps", got, missed, notices); got+missed != n || notices == 0 {
		t.Errorf("%d came and %d were dropped of %d", got, missed, n)
	}
	if st := e.Stats(); st.Dropped != int64(missed) || st.Slow != 0 {
		t.Errorf("stats: %d dropped, %d disconnected", st.Dropped, st.Slow)
	}
	fast.send(`{"id":5,"publish":{"channel":"` + room + `","data":"again"}}`)
	slow.until(`{"push":{"channel":"` + room + `","pub":{"data":"again"*`)
}

// collect reads until the reply 4 and the last number or notice. It returns the numbers, with the size of a gap as a negative
// number.
func (p *peer) collect(t *testing.T, room string) (numbers []int) {
	t.Helper()
	replied := false
	for sum := 0; !replied || sum < 1500; {
		line := p.next()
		var m struct {
			ID   int
			Push struct {
				Channel string
				Pub     *struct{ Data json.RawMessage }
				Message *struct {
					Data struct {
						Dropped int
						Channel string
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%.200s: %v", line, err)
		}
		switch {
		case m.ID == 4:
			replied = true
		case m.Push.Message != nil:
			if d := m.Push.Message.Data; d.Channel != room || m.Push.Channel != room || d.Dropped < 1 {
				t.Fatal(line)
			}
			numbers = append(numbers, -m.Push.Message.Data.Dropped)
			sum += m.Push.Message.Data.Dropped
		case m.Push.Pub != nil:
			var data struct{ N int }
			if json.Unmarshal(m.Push.Pub.Data, &data) == nil {
				numbers = append(numbers, data.N)
				sum++
			}
		}
	}
	return numbers
}
