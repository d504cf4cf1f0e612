package server

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
)

// logRefused logs a refused connection at debug, with its address: it has no client id yet.
func (s *Server) logRefused(r netpoll.Refused) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug("connection refused", "address", r.RemoteAddr().String(), "status", r.Status, "reason", r.Cause.String())
	}
}

// summaryEvery is the time between two summaries of refusals.
const summaryEvery = time.Minute

// summarizeRefusals logs the number of refusals by reason once a minute, if there were any, and when stop is called.
func (s *Server) summarizeRefusals() (stop func()) { return s.summarizeEvery(summaryEvery) }

func (s *Server) summarizeEvery(every time.Duration) (stop func()) {
	done := make(chan struct{})
	var ended sync.WaitGroup
	var before refusals // empty, since a connection may be refused before the goroutine runs
	since := time.Now()
	ended.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for over := false; !over; {
			select {
			case <-t.C:
			case <-done:
				over = true
			}
			now := s.refusals()
			if args := now.since(before); len(args) > 0 {
				s.log.Info("refused", append([]any{"seconds", int(time.Since(since).Round(time.Second).Seconds())}, args...)...)
			}
			before, since = now, time.Now()
		}
	})
	return func() { close(done); ended.Wait() }
}

// refusals are counts by kind and reason. A kind is the refused thing, such as a command; a reason is a cause, a code or a
// limit.
type refusals map[string]map[string]int64

// refusals returns the counts since the start: of requests answered with an error, connections closed without an answer,
// commands answered with an error, and connections closed with a code that refuses the client.
func (s *Server) refusals() refusals {
	n, e := s.poll.Stats(), s.edge.Stats()
	r := refusals{"requests": {}, "commands": {}, "disconnects": {}, "connections": {
		"max_handshakes": n.Refusals.TLSHandshakes, "handshake_timeout": n.Limits.TLSHandshakeTimeout, "hello_timeout": n.Limits.HelloTimeout,
		"proxy_header": n.Refusals.BadProxy, "displaced": n.Refusals.Displaced,
	}}
	for cause, count := range n.RefusedFor {
		r["requests"][upgrade.Cause(cause).String()] = count
	}
	for code, count := range e.ErrorCodes {
		r["commands"][codeName(int(code))] = count
	}
	for code, count := range n.Closes {
		if isRefusal(code) {
			r["disconnects"][codeName(int(code))] = count
		}
	}
	return r
}

// codeName returns the name of a code. 0 stands for all codes that are not counted one by one.
func codeName(code int) string {
	if code == 0 {
		return "other"
	}
	return strconv.Itoa(code)
}

// isRefusal reports whether a close code refuses a client: those after which it must not reconnect, and the one for a flood.
func isRefusal(c frame.CloseCode) bool { return c >= 3500 && c < 4000 || c == 3013 }

// since returns the differences to before as attributes for a log, one group for each kind.
func (r refusals) since(before refusals) (args []any) {
	for _, kind := range slices.Sorted(maps.Keys(r)) {
		var counts []any
		for _, reason := range slices.Sorted(maps.Keys(r[kind])) {
			if n := r[kind][reason] - before[kind][reason]; n > 0 {
				counts = append(counts, slog.Int64(reason, n))
			}
		}
		if len(counts) > 0 {
			args = append(args, slog.Group(kind, counts...))
		}
	}
	return args
}
