package chat

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// times knows when earlier messages were sent. The server tells it with each publication, but the SDK (v0.10.10) leaves
// it out of what it hands over; only its trace log has the whole answer. So the trace is read, for answers that carry
// publications. The log comes from a goroutine of its own and may lag or lose entries: a time is then unknown, no more.
type times struct {
	mu    sync.Mutex
	at    map[uint64]time.Time
	fresh chan struct{} // closed and replaced when times were added
}

const maxTimes = 16384 // more than one answer holds; then the old ones are forgotten

func newTimes() *times { return &times{at: map[uint64]time.Time{}, fresh: make(chan struct{})} }

type stampedList struct {
	Publications []struct {
		Offset uint64 `json:"offset"`
		Time   int64  `json:"time"` // Unix milliseconds
	} `json:"publications"`
}

// log is the SDK's log handler.
func (t *times) log(e centrifuge.LogEntry) {
	text := e.Fields["reply"]
	if !strings.Contains(text, `"publications"`) {
		return
	}
	var r struct{ Subscribe, History stampedList }
	if json.Unmarshal([]byte(text), &r) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.at) > maxTimes {
		clear(t.at)
	}
	for _, p := range append(r.Subscribe.Publications, r.History.Publications...) {
		if p.Time > 0 {
			t.at[p.Offset] = time.UnixMilli(p.Time)
		}
	}
	close(t.fresh)
	t.fresh = make(chan struct{})
}

// wait returns when the time of the offset is known, or after a moment without it.
func (t *times) wait(ctx context.Context, offset uint64) {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	for {
		t.mu.Lock()
		_, known := t.at[offset]
		fresh := t.fresh
		t.mu.Unlock()
		if known {
			return
		}
		select {
		case <-fresh:
		case <-ctx.Done():
			return
		}
	}
}

// of is the time of one message; zero when unknown.
func (t *times) of(offset uint64) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at[offset]
}

// forget is called when offsets begin to mean something else: another room or another epoch.
func (t *times) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.at)
}
