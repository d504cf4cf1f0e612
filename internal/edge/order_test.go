package edge

import (
	"fmt"
	"slices"
	"sync"
	"testing"
)

// TestMembersSeeMessagesInOrder: several writers and readers on several loops share one room, while readers leave and come
// back.
func TestMembersSeeMessagesInOrder(t *testing.T) {
	const writers, readers, each = 3, 4, 60
	_, url := serve(t, func(c *Config) { c.Loops, c.Channel.WithoutNamespace.HistorySize = 3, 1000 })
	var wg sync.WaitGroup
	seen := make([][]position, readers)
	for i := range readers {
		p := connect(t, url, "reader")
		p.send(`{"id":2,"subscribe":{"channel":"r","recoverable":true}}`)
		at := result[position](t, p.expect(`{"id":2,"subscribe":{*}}`), "subscribe")
		wg.Go(func() { seen[i] = p.follow(at, writers*each, i) })
	}
	for range writers {
		p := connect(t, url, "writer")
		wg.Go(func() { p.publish("r", each) })
	}
	wg.Wait()
	for i := range seen {
		if len(seen[i]) != writers*each || !slices.Equal(seen[i], seen[0]) {
			t.Errorf("reader %d saw %d messages, reader 0 %d", i, len(seen[i]), len(seen[0]))
		}
	}
	if !slices.IsSortedFunc(seen[0], func(a, b position) int { return int(a.Offset) - int(b.Offset) }) {
		t.Error("offsets do not rise")
	}
}

// follow reads n messages. Every few it leaves the room and comes back with its position.
func (p *peer) follow(at position, n, every int) (seen []position) {
	note := func(offset uint64) { seen, at.Offset = append(seen, position{offset, at.Epoch}), offset }
	type pub struct {
		Pub position `json:"pub"`
	}
	for since := 0; len(seen) < n; since++ {
		if since > 10+every {
			since = 0
			p.send(`{"id":3,"unsubscribe":{"channel":"r"}}` + "\n" +
				fmt.Sprintf(`{"id":4,"subscribe":{"channel":"r","recoverable":true,"recover":true,"offset":%d,"epoch":%q}}`, at.Offset, at.Epoch))
			p.until(`{"id":3,"unsubscribe":{}}`)
			for _, missed := range result[struct{ Publications []position }](p.t, p.expect(`*"recovered":true*`), "subscribe").Publications {
				note(missed.Offset)
			}
			continue
		}
		note(result[pub](p.t, p.expect(`{"push":{"channel":"r","pub":{*`), "push").Pub.Offset)
	}
	return seen
}
