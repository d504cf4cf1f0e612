//go:build !windows

package netpoll

import (
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/durations"
)

// rooms is an endpoint whose connections are members of the topic "t".
func rooms() Endpoint {
	return Endpoint{
		Path:   "/t",
		OnOpen: func(c *Conn) { c.Subscribe("t") },
		OnMessage: func(c *Conn, op frame.Op, p []byte) {
			c.Publish("t", NewBuffer(op, p))
		},
	}
}

// TestStatsCountMessages: messages in front of a frame that breaks the protocol count, and none behind our own close
// frame, all in one read.
func TestStatsCountMessages(t *testing.T) {
	text := masked(frame.OpText, []byte("x"))
	for name, tt := range map[string]struct {
		sent []byte
		want int64
	}{
		"violation": {slices.Concat(text, text, masked(3, nil), text), 2},
		"goodbye":   {slices.Concat(text, masked(frame.OpText, []byte("bye")), text, masked(frame.OpClose, nil)), 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnMessage: func(c *Conn, _ frame.Op, p []byte) {
				if string(p) == "bye" {
					c.Close(4000, "")
				}
			}}}})
			c := raw(t, s, "/", "")
			_, _ = c.Write(tt.sent)
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
			eventually(t, "it is gone", func() bool { return s.NumConns() == 0 })
			if n := s.Stats().MessagesIn; n != tt.want {
				t.Errorf("%d messages instead of %d", n, tt.want)
			}
		})
	}
}

func TestStatsCountConnections(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{rooms()}})
	a, b := dial(t, s, "/t"), dial(t, s, "/t")
	say(t, a, "hello")
	hear(t, a, "hello")
	hear(t, b, "hello")
	resp, err := http.Get("http://" + s.address.String() + "/t")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	_ = a.Close(4000, "")
	_ = b.Close(4711, "")
	eventually(t, "all connections gone", func() bool { return s.NumConns() == 0 })
	st := s.Stats() // the end of a connection is the last thing its loop counts
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"connections", st.Conns, 0},
		{"accepted", st.Accepted, 3},
		{"upgraded", st.Upgraded, 2},
		{"refused with 4xx", st.Refused4xx, 1},
		{"messages in", st.MessagesIn, 1},
		{"messages out", st.MessagesOut, 2},
		{"closes with 4000", st.Closes[4000], 1},
		{"closes with another code", st.Closes[0], 1},
		{"backlog", st.Backlog, 0},
		{"queued", st.Queued, 0},
		{"upgrades timed", st.Upgrade.Count(), 2},
		{"closes timed", st.Closing.Count(), 2},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	if n := st.Transmit.Count(); n < 1 || n > 2 {
		t.Errorf("%d broadcasts timed", n)
	}
	if st.BytesIn < 300 || st.BytesOut < 300 {
		t.Errorf("bytes in %d, out %d", st.BytesIn, st.BytesOut)
	}
}

// TestStatsCountBytes compares the bytes of the server with those of the client, over plain sockets and in a broadcast.
func TestStatsCountBytes(t *testing.T) {
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{rooms()}})
	c := raw(t, s, "/t", "")
	settled := make(chan struct{})
	s.Loop(0).Do(func() { close(settled) })
	<-settled
	head := s.Stats().BytesOut
	for range 3 {
		s.Publish("t", NewBuffer(frame.OpText, make([]byte, 1000)))
	}
	if _, err := io.CopyN(io.Discard, c, 3*1004); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bytes counted", func() bool { return s.Stats().BytesOut == head+3*1004 })
	eventually(t, "messages counted", func() bool { return s.Stats().MessagesOut == 3 })
}

func TestStatsMeasureBacklogs(t *testing.T) {
	const size = 8 << 20
	e := rooms()
	e.MaxBacklog = 2 * size
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
	slow, gone := raw(t, s, "/t", ""), raw(t, s, "/t", "")
	s.Publish("t", NewBuffer(frame.OpBinary, make([]byte, size)))
	eventually(t, "a backlog", func() bool { return s.Stats().Backlog > size/2 })
	_ = gone.(*net.TCPConn).SetLinger(0)
	_ = gone.Close()
	if _, err := io.CopyN(io.Discard, slow, size); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no backlog", func() bool { return s.Stats().Backlog == 0 })
}

func TestStatsCountOverflows(t *testing.T) {
	e := rooms()
	e.MaxBacklog, e.SlowCode = 1<<10, 3008
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
	raw(t, s, "/t", "")
	eventually(t, "an overflow", func() bool {
		s.Publish("t", NewBuffer(frame.OpBinary, make([]byte, 1<<20)))
		return s.Stats().Overflows == 1
	})
	eventually(t, "the close", func() bool { return s.Stats().Closes[3008] == 1 })
}

func TestStalledNamesLoopsThatBlock(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}})
	eventually(t, "both loops tick", func() bool {
		st := s.Stats()
		return st.Loops[0].Lags.Count() > 0 && st.Loops[1].Lags.Count() > 0
	})
	release := make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free) // or a failure would hang
	s.Loop(1).Do(func() { <-release })
	const bound = 300 * time.Millisecond
	eventually(t, "the loop is missed", func() bool { l := s.Stalled(bound); return len(l) == 1 && l[0] == 1 })
	if st := s.Stats().Loops[1]; st.Lag < bound/2 || st.SinceTick < bound {
		t.Errorf("lag %v, last tick %v ago", st.Lag, st.SinceTick)
	}
	free()
	eventually(t, "it is back", func() bool { return len(s.Stalled(bound)) == 0 })
	if st := s.Stats(); st.Loops[1].Busy < bound/2 || st.Loops[0].Busy > bound {
		t.Errorf("busy %v and %v", st.Loops[0].Busy, st.Loops[1].Busy)
	}
}

func TestCloseCodesAreCounted(t *testing.T) {
	for code := range frame.CloseCode(5100) {
		i := closeIndex(code)
		if i < 0 || i >= numCloses {
			t.Fatalf("%d has index %d", code, i)
		}
		if i > 0 && closeCodeAt(i) != code {
			t.Errorf("%d is counted as %d", code, closeCodeAt(i))
		}
	}
	for _, code := range []frame.CloseCode{1000, 1015, 3000, 3019, 3501, 4000, 4502} {
		if closeIndex(code) == 0 {
			t.Errorf("%d is not counted by itself", code)
		}
	}
}

func TestHistogram(t *testing.T) {
	var d durations.Recorder
	for _, x := range []time.Duration{-1, 0, time.Microsecond - 1, time.Microsecond, 3 * time.Microsecond, time.Hour} {
		d.Observe(x)
	}
	h := Histogram(d.Snapshot())
	if h.Count() != 6 || h.Buckets[0] != 3 || h.Buckets[1] != 1 || h.Buckets[2] != 1 || h.Buckets[durations.NumBuckets-1] != 1 {
		t.Errorf("%v", h.Buckets)
	}
	if h.Bound(0) != time.Microsecond || h.Bound(20) != 1<<20*time.Microsecond {
		t.Error("bounds")
	}
	h.Add(h)
	if h.Count() != 12 || h.Sum != 2*Histogram(d.Snapshot()).Sum {
		t.Error("addition")
	}
}
