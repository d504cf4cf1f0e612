//go:build !windows

package netpoll

import (
	"cmp"
	"context"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// engine is the running state that a Server and a Client have in common: the loops, the slab with their connections, the
// clock, and the pool of the TLS handshakes. The settings of a Server and a Client are not changed; those that the loops
// need are copied here with their defaults.
type engine struct {
	loopSettings
	client           bool                                  // this end dials: it masks its frames (RFC 6455, 5.1) and leaves the first FIN to the server
	closed           error                                 // the cause for connections that are open when the engine is closed
	maxBacklogMemory int64                                 // Server.MaxBacklogMemory
	compressMin      int                                   // Server.CompressMin
	compressLevel    int                                   // Server.CompressLevel
	onEnd            func(context any, took time.Duration) // Client.OnEnd

	sliceSends int           // see broadcast.go; tests make it small
	shedStall  time.Duration // see shed.go; tests make it long
	maxDiscard uint32        // maxDiscarded; tests make it small
	readTime   time.Duration // readTime; tests make it small

	endpoints     []Endpoint // rows, see subprotocol.go
	subprotocols  []string   // by row
	rowOf         []int      // the first row, by the index in Server.Endpoints
	loops         []*Loop
	slab          *slab
	headers       headerMemory
	ipLimiter     *ipLimiter        // nil in a Client
	tlsHandshakes *tlsHandshakePool // nil without TLS
	batches       sync.Pool
	started       time.Time // the zero of clock
	conns         atomic.Int64
	panics        atomic.Int64
	shedding      atomic.Pointer[shedding]

	mu      sync.Mutex // guards the state of Serve and Shutdown, nothing on the path of a message
	state   engineState
	done    chan struct{} // closed by stop
	empty   chan struct{} // gets a token when the last connection has gone
	stopped sync.WaitGroup
}

// loopSettings are those of the settings that a Server and a Client share.
type loopSettings struct {
	Loops          int
	MessageTimeout time.Duration
	MaxFragments   int
	MaxControls    int
	CloseTimeout   time.Duration
	Tick           time.Duration
	OnError        func(error)
}

func (o loopSettings) withDefaults() loopSettings {
	o.Loops = cmp.Or(o.Loops, runtime.GOMAXPROCS(0))
	o.MessageTimeout = cmp.Or(o.MessageTimeout, 30*time.Second)
	o.MaxControls = cmp.Or(o.MaxControls, 1000)
	o.CloseTimeout = cmp.Or(o.CloseTimeout, 2*time.Second)
	o.Tick = cmp.Or(o.Tick, time.Second)
	return o
}

type engineState int

const (
	stateNew engineState = iota
	stateListening
	stateServing
	stateClosed
)

// init prepares an engine for so many open files. It is called once, before the loops are made.
func (e *engine) init(o loopSettings, endpoints []Endpoint, files int) {
	e.loopSettings = o.withDefaults()
	e.started = time.Now()
	e.sliceSends = cmp.Or(e.sliceSends, defaultSliceSends)
	e.shedStall = cmp.Or(e.shedStall, defaultShedStall)
	e.maxDiscard = cmp.Or(e.maxDiscard, maxDiscarded)
	e.readTime = cmp.Or(e.readTime, readTime)
	e.endpoints, e.subprotocols, e.rowOf = nil, nil, nil
	for _, p := range endpoints {
		e.addEndpoint(p.withDefaults())
	}
	e.slab = newSlab(files)
	e.batches.New = func() any { return new(Batch) }
	e.done, e.empty = make(chan struct{}), make(chan struct{}, 1)
}

// start runs the loops, the ticker and the workers of the TLS handshakes. The engine is closed when a poller fails, and
// failed is called with the error. The caller holds mu.
func (e *engine) start(failed func(error)) {
	e.state = stateServing
	if e.tlsHandshakes != nil {
		e.tlsHandshakes.start(runtime.GOMAXPROCS(0))
	}
	for _, l := range e.loops {
		e.stopped.Go(func() {
			if err := l.run(); err != nil && !e.isClosed() {
				failed(err)
				e.stop()
			}
		})
	}
	e.stopped.Go(e.runTicker)
}

// stop has the loops end. Any goroutine may call it.
func (e *engine) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == stateClosed {
		return
	}
	e.state = stateClosed
	close(e.done)
	for _, l := range e.loops {
		l.Do(func() { l.stopped = true })
	}
}

func (e *engine) isClosed() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// wait returns when the loops and the workers that they feed have ended.
func (e *engine) wait() {
	e.stopped.Wait()
	if e.tlsHandshakes != nil {
		e.tlsHandshakes.close()
	}
}

// closeLoops frees what the loops hold. No loop may be running any more.
func (e *engine) closeLoops() {
	for _, l := range e.loops {
		l.close()
	}
}

// running returns the loops, none before Listen or Start.
func (e *engine) running() []*Loop {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.loops
}

// clock is the time since Listen or Start.
func (e *engine) clock() time.Duration { return time.Since(e.started) }

// ticksOf converts a duration to ticks, rounded up.
func (e *engine) ticksOf(d time.Duration) uint32 { return uint32(max(1, (d+e.Tick-1)/e.Tick)) }

// removeConn counts a connection less.
func (e *engine) removeConn() {
	if e.conns.Add(-1) == 0 {
		select {
		case e.empty <- struct{}{}:
		default:
		}
	}
}

// waitEmpty waits until there is no connection, the engine is closed, or ctx ends.
func (e *engine) waitEmpty(ctx context.Context) error {
	for e.conns.Load() > 0 {
		select {
		case <-e.empty:
		case <-e.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// publish sends b to the members of topic on every loop but except.
func (e *engine) publish(topic string, b *Buffer, except *Loop) {
	for _, l := range e.loops {
		if l != except {
			batch := l.NewBatch()
			batch.Publish(topic, b)
			l.Post(batch)
		}
	}
}

func (e *engine) report(err error) {
	if e.OnError != nil {
		e.OnError(err)
	}
}

// addrOf returns the address of a descriptor's peer: the one that a trusted proxy has named, or the kernel's.
func (e *engine) addrOf(fd int32) netip.AddrPort {
	if e.ipLimiter != nil {
		if a := e.ipLimiter.get(fd).remote; a != nil {
			return *a
		}
	}
	return remoteAddr(int(fd))
}
