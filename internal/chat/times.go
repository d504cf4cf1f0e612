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
	mu      sync.Mutex
	at      map[uint64]time.Time // by offset
	answers int                  // replies to requests for history, or errors, that the log has come to
	fresh   chan struct{}        // closed and replaced with each of them
}

const maxTraced = 1 << 20 // bytes of an answer that are read for times: the log has room for 256 of them

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
	if len(text) > maxTraced {
		return
	}
	list := strings.Contains(text, `"publications":`)
	answer := strings.Contains(text, `"history":`) || strings.Contains(text, `"error":`)
	if !list && !answer {
		return
	}
	var r struct{ Subscribe, History stampedList }
	if list {
		_ = json.Unmarshal([]byte(text), &r)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(r.Subscribe)
	t.note(r.History)
	if answer {
		t.answers++
		close(t.fresh)
		t.fresh = make(chan struct{})
	}
}

func (t *times) note(l stampedList) {
	if len(t.at) > maxTimes {
		clear(t.at)
	}
	for _, p := range l.Publications {
		if p.Time > 0 {
			t.at[p.Offset] = time.UnixMilli(p.Time)
		}
	}
}

// asked is called before a request for history, and answered after its reply: it returns when the log has come to
// that reply, and with it to everything before, or after a moment without.
func (t *times) asked() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answers
}

func (t *times) answered(ctx context.Context, asked int) {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	for {
		t.mu.Lock()
		answers, fresh := t.answers, t.fresh
		t.mu.Unlock()
		if answers > asked {
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
