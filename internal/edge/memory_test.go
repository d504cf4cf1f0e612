package edge

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/room"
)

// TestHistoryBytesMatchTheHeap compares the counted bytes of histories of different shapes with the heap.
func TestHistoryBytesMatchTheHeap(t *testing.T) {
	for _, c := range []struct {
		name                         string
		rooms, messages, size, name_ int
		publishers                   int
	}{
		{"many rooms of one message", 30_000, 1, 10, 20, 1},
		{"many rooms of one message, long names", 20_000, 1, 10, 255, 1},
		{"many rooms, a publisher each", 20_000, 1, 10, 20, 20_000},
		{"rooms of a few messages", 5_000, 7, 100, 10, 100},
		{"long histories", 20, 2_000, 100, 10, 100},
		{"large messages", 50, 10, 30_000, 10, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := New(Config{Channel: config.Channel{WithoutNamespace: everything()}, Hub: room.Config{Shards: 2, HistoryBytes: 1 << 40, RoomBytes: 1 << 40, PublisherBytes: 1 << 40}})
			if err != nil {
				t.Fatal(err)
			}
			defer e.hub.Close()
			before, opts := heap(), room.Options{HistorySize: 100_000}
			done := make(chan struct{}, 1)
			infos := make([]room.Info, c.publishers)
			for i := range infos {
				infos[i].Client = room.ID{byte(i), byte(i >> 8), byte(i >> 16)}
			}
			for r := range c.rooms {
				name := fmt.Sprintf("%0*d", c.name_, r)
				for m := range c.messages {
					from := &infos[(r+m)%len(infos)]
					data := []byte(`"` + strings.Repeat("x", c.size) + `"`)
					err := e.hub.Submit(room.Command{Op: room.Publish, Room: strings.Clone(name), Options: &opts, Data: data, From: from, Done: func(room.Answer) { done <- struct{}{} }})
					if err != nil {
						t.Fatal(err)
					}
					<-done
				}
			}
			grown, counted := heap()-before, e.hub.Stats().HistoryBytes
			t.Logf("%d bytes counted, %d bytes of heap (%.2f)", counted, grown, float64(counted)/float64(grown))
			if counted < grown*8/10 || counted > grown*12/10 {
				t.Errorf("%d bytes are counted, the heap has grown by %d", counted, grown)
			}
			runtime.KeepAlive(infos)
		})
	}
}

// heap is the memory in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has found by pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
