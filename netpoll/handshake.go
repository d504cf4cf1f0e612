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
	running   bool       // queued, or with a worker
	cancelled bool
}

// maxHandshakeBytes is how much ciphertext may wait for a worker before reading pauses.
const maxHandshakeBytes = 64 << 10

func newHandshake(l *Loop, h Handle, s *secure) *handshake {
	return &handshake{loop: l, handle: h, secure: s}
}

// feed adds ciphertext and has the handshake resumed. It reports whether that is enough for
// now. Loop only.
func (h *handshake) feed(b []byte) (full bool) {
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

// giveUp ends the coroutine at once and gives its place back. It reports false while a worker has it: then it
// is not the peer that is waited for. Loop only.
func (h *handshake) giveUp() bool {
	h.mu.Lock()
	idle := !h.running
	h.running = true // if it is idle nobody else has it from here on
	h.mu.Unlock()
	if idle {
		h.stop()
		h.end()
	}
	return idle
}

// end gives the place of the handshake back.
func (h *handshake) end() { h.loop.server.shakes.end(h.loop) }

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
			h.end()
			return
		}
		h.next()
		h.report()
		if h.done {
			h.end()
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
// at most limit, so sending never blocks. Loops have shares, so that each can make room among its
// own handshakes when it has none left.
type handshakes struct {
	limit    int64
	inFlight atomic.Int64
	shares   []handshakeShare
	jobs     chan *handshake
	workers  sync.WaitGroup
}

// handshakeShare is a part of the places.
type handshakeShare struct {
	limit    int64
	inFlight atomic.Int64
}

// newHandshakes divides limit into so many shares, of one at least.
func newHandshakes(limit, shares int) *handshakes {
	limit = max(limit, shares)
	p := &handshakes{limit: int64(limit), jobs: make(chan *handshake, limit), shares: make([]handshakeShare, shares)}
	for i := range p.shares {
		p.shares[i].limit = int64(limit*(i+1)/shares - limit*i/shares)
	}
	return p
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

func (p *handshakes) of(l *Loop) *handshakeShare { return &p.shares[l.index%len(p.shares)] }

// begin takes a place of l's share.
func (p *handshakes) begin(l *Loop) bool {
	s := p.of(l)
	if s.inFlight.Add(1) > s.limit {
		s.inFlight.Add(-1)
		return false
	}
	p.inFlight.Add(1)
	return true
}

func (p *handshakes) end(l *Loop) {
	p.inFlight.Add(-1)
	p.of(l).inFlight.Add(-1)
}

// close ends the workers when the loops, which feed them, have ended.
func (p *handshakes) close() {
	close(p.jobs)
	p.workers.Wait()
}
