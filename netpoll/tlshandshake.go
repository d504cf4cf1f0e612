//go:build !windows

package netpoll

import (
	"context"
	"io"
	"iter"
	"sync"
	"sync/atomic"
)

// tlsHandshake is a TLS handshake in flight: a coroutine that a worker resumes when ciphertext has come, and that
// yields when it needs more. While it is suspended it is a goroutine of about 7 KB that is not scheduled. The number of
// workers bounds the processor time of all handshakes.
type tlsHandshake struct {
	loop    *Loop
	handle  Handle
	session *tlsSession

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	done  bool
	err   error

	mu        sync.Mutex // between the loop and the worker; not on the path of a message
	in        []byte     // ciphertext that the coroutine has not read
	running   bool       // queued, or with a worker
	cancelled bool
}

// maxHandshakeInput is the ciphertext in bytes that may wait for a worker before reading pauses.
const maxHandshakeInput = 64 << 10

func newTLSHandshake(l *Loop, h Handle, s *tlsSession) *tlsHandshake {
	return &tlsHandshake{loop: l, handle: h, session: s}
}

// feed adds ciphertext and has the handshake resumed. It reports whether reading has to pause. Loop only.
func (h *tlsHandshake) feed(b []byte) (full bool) {
	h.mu.Lock()
	h.in = append(h.in, b...)
	full = len(h.in) >= maxHandshakeInput
	idle := !h.running
	h.running = true
	h.mu.Unlock()
	if idle {
		h.loop.engine.tlsHandshakes.jobs <- h
	}
	return full
}

// cancel has a worker end the coroutine. Loop only.
func (h *tlsHandshake) cancel() {
	h.mu.Lock()
	h.cancelled = true
	idle := !h.running
	h.running = true
	h.mu.Unlock()
	if idle {
		h.loop.engine.tlsHandshakes.jobs <- h
	}
}

// tryStop ends the coroutine at once and releases its place. It returns false while a worker runs it, because the peer
// is not awaited then. Loop only.
func (h *tlsHandshake) tryStop() bool {
	h.mu.Lock()
	idle := !h.running
	h.running = true // if it is idle no worker has it from here on
	h.mu.Unlock()
	if idle {
		h.stop()
		h.release()
	}
	return idle
}

// release gives the place of the handshake back to the pool.
func (h *tlsHandshake) release() { h.loop.engine.tlsHandshakes.release(h.loop) }

// leftover returns the ciphertext that came behind the handshake. Loop only, when it is done.
func (h *tlsHandshake) leftover() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in
}

// read is the wire's Read within the coroutine.
func (h *tlsHandshake) read(p []byte) (int, error) {
	for {
		if n := h.readBuffered(p); n > 0 {
			return n, nil
		}
		if !h.yield(struct{}{}) {
			return 0, io.ErrUnexpectedEOF // stopped
		}
	}
}

func (h *tlsHandshake) readBuffered(p []byte) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := copy(p, h.in)
	if h.in = h.in[n:]; len(h.in) == 0 {
		h.in = nil
	}
	return n
}

// resume runs the coroutine until it is done or has read everything. Worker only.
func (h *tlsHandshake) resume() {
	if h.next == nil {
		h.next, h.stop = iter.Pull(h.run)
	}
	for {
		if h.isCancelled() {
			h.stop()
			h.release()
			return
		}
		h.next()
		h.post()
		if h.done {
			h.release()
			return
		}
		if h.suspend() {
			return
		}
	}
}

// run is the coroutine.
func (h *tlsHandshake) run(yield func(struct{}) bool) {
	h.yield = yield
	h.err = h.session.conn.HandshakeContext(context.Background())
	h.done = true
}

// post sends what the step has written, and its result, to the loop.
func (h *tlsHandshake) post() {
	out, done, err := h.session.wire.out, h.done, h.err
	h.session.wire.out = nil
	h.loop.Do(func() { h.loop.handshakeStep(h.handle, out, done, err) })
}

func (h *tlsHandshake) isCancelled() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cancelled
}

// suspend waits for more ciphertext. It returns false if some has come already.
func (h *tlsHandshake) suspend() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = len(h.in) > 0 || h.cancelled
	return !h.running
}

// tlsHandshakePool runs TLS handshakes. A handshake is in jobs at most once, and there are at most limit, so sending
// never blocks. Each loop has a share of the places, so that it can displace one of its own handshakes when it has none
// left.
type tlsHandshakePool struct {
	limit    int64
	inFlight atomic.Int64
	shares   []tlsHandshakeShare
	jobs     chan *tlsHandshake
	workers  sync.WaitGroup
}

// tlsHandshakeShare is the share of a loop.
type tlsHandshakeShare struct {
	limit    int64
	inFlight atomic.Int64
}

// newTLSHandshakePool divides limit into equal shares, of one place at least.
func newTLSHandshakePool(limit, shares int) *tlsHandshakePool {
	limit = max(limit, shares)
	p := &tlsHandshakePool{limit: int64(limit), jobs: make(chan *tlsHandshake, limit), shares: make([]tlsHandshakeShare, shares)}
	for i := range p.shares {
		p.shares[i].limit = int64(limit*(i+1)/shares - limit*i/shares)
	}
	return p
}

func (p *tlsHandshakePool) start(workers int) {
	for range workers {
		p.workers.Go(func() {
			for h := range p.jobs {
				h.resume()
			}
		})
	}
}

func (p *tlsHandshakePool) of(l *Loop) *tlsHandshakeShare { return &p.shares[l.index%len(p.shares)] }

// acquire takes a place of l's share. It returns false if there is none.
func (p *tlsHandshakePool) acquire(l *Loop) bool {
	s := p.of(l)
	if s.inFlight.Add(1) > s.limit {
		s.inFlight.Add(-1)
		return false
	}
	p.inFlight.Add(1)
	return true
}

func (p *tlsHandshakePool) release(l *Loop) {
	p.inFlight.Add(-1)
	p.of(l).inFlight.Add(-1)
}

// close ends the workers. The loops, which feed them, have ended.
func (p *tlsHandshakePool) close() {
	close(p.jobs)
	p.workers.Wait()
}
