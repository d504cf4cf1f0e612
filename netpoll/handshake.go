//go:build !windows

package netpoll

import (
	"context"
	"io"
	"iter"
	"sync"
	"sync/atomic"
)

// handshake is a TLS handshake in flight: a coroutine that is resumed by a worker when
// ciphertext has come, and yields when it needs more. Suspended it is a goroutine that nobody
// schedules, about 7 KB; the processor time of all handshakes is bounded by the workers.
type handshake struct {
	loop   *Loop
	handle Handle
	secure *secure

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	done  bool
	err   error

	mu        sync.Mutex // between the loop, which feeds, and the worker; not on the path of a message
	in        []byte     // ciphertext that the coroutine has not read
	fed       bool
	running   bool // queued, or with a worker
	cancelled bool
}

// maxHandshakeBytes is how much ciphertext may wait for a worker before reading pauses.
const maxHandshakeBytes = 64 << 10

func newHandshake(l *Loop, h Handle, s *secure) *handshake {
	return &handshake{loop: l, handle: h, secure: s}
}

// fresh reports whether nothing was fed yet. Loop only.
func (h *handshake) fresh() bool { return !h.fed }

// feed adds ciphertext and has the handshake resumed. It reports whether that is enough for
// now. Loop only.
func (h *handshake) feed(b []byte) (full bool) {
	h.fed = true
	h.mu.Lock()
	h.in = append(h.in, b...)
	full = len(h.in) >= maxHandshakeBytes
	idle := !h.running
	h.running = true
	h.mu.Unlock()
	if idle {
		h.loop.server.shakes.jobs <- h
	}
	return full
}

// cancel has a worker end the coroutine. Loop only.
func (h *handshake) cancel() {
	h.mu.Lock()
	h.cancelled = true
	idle := !h.running
	h.running = true
	h.mu.Unlock()
	if idle {
		h.loop.server.shakes.jobs <- h
	}
}

// rest is the ciphertext that came behind the handshake. Loop only, when it is done.
func (h *handshake) rest() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in
}

// read is the wire's Read within the coroutine.
func (h *handshake) read(p []byte) (int, error) {
	for {
		if n := h.take(p); n > 0 {
			return n, nil
		}
		if !h.yield(struct{}{}) {
			return 0, io.ErrUnexpectedEOF // stopped
		}
	}
}

func (h *handshake) take(p []byte) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := copy(p, h.in)
	if h.in = h.in[n:]; len(h.in) == 0 {
		h.in = nil
	}
	return n
}

// resume runs the coroutine until it is done or has read everything. Worker only.
func (h *handshake) resume() {
	if h.next == nil {
		h.next, h.stop = iter.Pull(h.run)
	}
	for {
		if h.isCancelled() {
			h.stop()
			h.loop.server.shakes.end()
			return
		}
		h.next()
		h.report()
		if h.done {
			h.loop.server.shakes.end()
			return
		}
		if h.sleep() {
			return
		}
	}
}

// run is the coroutine.
func (h *handshake) run(yield func(struct{}) bool) {
	h.yield = yield
	h.err = h.secure.conn.HandshakeContext(context.Background())
	h.done = true
}

// report posts what the step has written, and its result, to the loop.
func (h *handshake) report() {
	out, done, err := h.secure.wire.out, h.done, h.err
	h.secure.wire.out = nil
	h.loop.Do(func() { h.loop.shaken(h.handle, out, done, err) })
}

func (h *handshake) isCancelled() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cancelled
}

// sleep gives the handshake back until more ciphertext comes; false if it has come already.
func (h *handshake) sleep() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = len(h.in) > 0 || h.cancelled
	return !h.running
}

// handshakes is the pool that runs them. A handshake is in jobs at most once, and there are
// at most limit, so sending never blocks.
type handshakes struct {
	limit    int64
	inFlight atomic.Int64
	jobs     chan *handshake
	workers  sync.WaitGroup
}

func newHandshakes(limit int) *handshakes {
	return &handshakes{limit: int64(limit), jobs: make(chan *handshake, limit)}
}

func (p *handshakes) start(workers int) {
	for range workers {
		p.workers.Go(func() {
			for h := range p.jobs {
				h.resume()
			}
		})
	}
}

func (p *handshakes) begin() bool {
	if p.inFlight.Add(1) > p.limit {
		p.inFlight.Add(-1)
		return false
	}
	return true
}

func (p *handshakes) end() { p.inFlight.Add(-1) }

// close ends the workers when the loops, which feed them, have ended.
func (p *handshakes) close() {
	close(p.jobs)
	p.workers.Wait()
}
