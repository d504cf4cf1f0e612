package chat

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// times has the times at which messages were sent. The server sends the time with each publication, but the SDK
// (v0.10.10) does not pass it on; only its trace log has the whole reply. Therefore the trace log is read, for replies
// with publications. It comes from another goroutine and may lag or lose entries; then a time is unknown.
type times struct {
	mu      sync.Mutex
	at      map[uint64]time.Time // by offset
	answers int                  // number of replies to history requests, or errors, that the log has reached
	changed chan struct{}        // closed and replaced with each of them
}

const maxTraced = 1 << 20 // bytes of a reply that is read for times; the log has room for 256 of them

const maxTimes = 16384 // more than one reply contains; then the old ones are removed

func newTimes() *times { return &times{at: map[uint64]time.Time{}, changed: make(chan struct{})} }

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
		close(t.changed)
		t.changed = make(chan struct{})
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

// replies is the number of replies that the log has reached. The caller gets it before a history request, and passes it
// to waitAfter after the reply. waitAfter returns when the log has reached that reply, or after 300 ms.
func (t *times) replies() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.answers
}

func (t *times) waitAfter(ctx context.Context, asked int) {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	for {
		t.mu.Lock()
		answers, changed := t.answers, t.changed
		t.mu.Unlock()
		if answers > asked {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// of returns the time of a message, or zero if it is unknown.
func (t *times) of(offset uint64) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at[offset]
}

// reset is called when the offsets are those of another room or another epoch.
func (t *times) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.at)
}
