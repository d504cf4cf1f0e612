//go:build !windows

package netpoll

import (
	"cmp"
	"crypto/tls"
	"errors"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll/upgrade"
)

// Server accepts WebSocket connections and serves them on event loops. Its fields must be set
// before Listen and not be changed afterwards.
type Server struct {
	// Addr is the TCP address to listen on, host:port. Empty means ":8080".
	Addr string
	// Listener is a listener of TCP or of a Unix stream socket to take over instead of listening
	// on Addr, as one inherited from systemd or a parent process. Listen closes it and keeps its
	// socket, and the file of a Unix socket; one loop accepts and hands connections on to the
	// others. The peers at a Unix socket are on this machine and have no address: they are
	// trusted like TrustedProxies.
	Listener net.Listener
	// Loops is the number of event loops, each a goroutine with its own listener
	// (SO_REUSEPORT). 0 means GOMAXPROCS.
	Loops int
	// Endpoints are tried in order by path. At least one is needed, at most 255.
	Endpoints []Endpoint
	// HTTP serves requests on the same port that do not ask for a WebSocket, each on a
	// connection of its own with a goroutine. Nil answers 426.
	HTTP http.Handler
	// AcceptHTTP decides about a request for HTTP as soon as its header block is complete, before a
	// goroutine and a place of MaxHTTP are spent on it. It is called on the loop and must not block. Nil
	// accepts; a [*Reject] error names the status of the refusal, any other error answers 403. A refused
	// connection is closed: nothing of a body is waited for.
	AcceptHTTP func(r *Request) error
	// HTTPReadTimeout and HTTPWriteTimeout bound the reading of a request and the writing of its answer by HTTP, as
	// [http.Server.ReadTimeout] and [http.Server.WriteTimeout] do. 0 means 10 s and 30 s, negative means no bound. A
	// handler that takes longer, with server-sent events or a large upload, may instead set deadlines of its own by
	// [http.ResponseController].
	HTTPReadTimeout, HTTPWriteTimeout time.Duration
	// HTTPIdleTimeout keeps a connection for so long after an answer, for further requests of HTTP. It holds its place
	// among MaxHTTP, and it stays with net/http: a request for a WebSocket that comes on it is answered with 400. 0
	// means that a connection is closed after its answer.
	HTTPIdleTimeout time.Duration
	// MaxHTTP bounds the connections given to HTTP; beyond it 503 is answered. 0 means 256.
	MaxHTTP int
	// MaxConns bounds all connections, those at HTTP included. When there are as many, a new one takes
	// the place of the connection that has waited longest without sending a whole request; if there
	// is none 503 is answered. 0 means the limit of open files (RLIMIT_NOFILE) less 256, or less
	// Reserved and 64 with many loops.
	MaxConns int
	// MaxConnsPerIP bounds the connections of one address, of a /64 with IPv6, those at HTTP included; beyond it 429 is
	// answered, or with TLS the connection is closed. 0 means no bound.
	MaxConnsPerIP int
	// ConnRatePerIP bounds the new connections of one address per second, with two seconds'
	// worth at once; beyond it as MaxConnsPerIP. 0 means no bound.
	ConnRatePerIP int
	// AcceptRate bounds all new connections per second; the others wait in the backlog of the
	// listener. 0 means no bound.
	AcceptRate int
	// MaxLag is how late a loop may be (see [Loop.Lag]) and still take new connections; they
	// are answered 503 then, or with TLS closed. 0 means that it never refuses.
	MaxLag time.Duration
	// TrustedProxies are those whose ForwardedHeader tells the address of the client; with
	// ProxyProtocol those that begin with a PROXY header. Everybody else speaks for themselves.
	TrustedProxies []netip.Prefix
	// ForwardedHeader is what the trusted proxies append clients to: "X-Forwarded-For" or
	// "Forwarded" (RFC 7239). Only one of them is looked at: the other one could be a client's
	// own that a proxy passes through. Empty means X-Forwarded-For.
	ForwardedHeader string
	// ProxyProtocol expects a PROXY header, version 1 or 2, from TrustedProxies; from
	// everybody where there are none.
	ProxyProtocol bool
	// MaxHeader bounds the request line and all header fields of a request in bytes, for HTTP
	// too; beyond it 431 is answered, or 414. 0 means 32 KiB.
	MaxHeader int
	// MaxHeaderMemory bounds in bytes what the requests occupy that have come in part, all
	// together. From half of it on a request may have less than MaxHeader in part, the less the
	// more is occupied; beyond that 503 is answered. 0 means 64 MiB.
	MaxHeaderMemory int
	// HeaderTimeout bounds the upgrade request from accept to its last byte. 0 means 5 s.
	HeaderTimeout time.Duration
	// MessageTimeout bounds the time from the first byte of a frame or message to its last.
	// 0 means 30 s.
	MessageTimeout time.Duration
	// MaxFragments bounds the fragments of one message while their mean payload is below 16
	// bytes; beyond it the connection is closed with 1008. 0 means 1024.
	MaxFragments int
	// MaxControls bounds the pings and pongs of one peer per Tick; beyond it the connection is
	// closed with 1008. 0 means 1000.
	MaxControls int
	// CloseTimeout bounds the closing handshake, from when the close frame has left. A peer
	// that is owed something before has it to take each next part of that, and
	// Endpoint.MaxBacklogAge for all. What a peer sends that was closed or refused is thrown
	// away; one that goes on sending and has not acknowledged all that it was sent has five
	// times as long (Linux). 0 means 2 s.
	CloseTimeout time.Duration
	// TLS makes every connection a TLS one, WebSocket and HTTP alike; it is cloned. Use
	// GetCertificate or GetConfigForClient to change certificates while running. Nil is plain.
	TLS *tls.Config
	// HelloTimeout bounds the time from accept, or from the PROXY header, to the last byte of the
	// ClientHello. 0 means 5 s.
	HelloTimeout time.Duration
	// MaxTLSHandshakes bounds the TLS tlsHandshakePool in flight, about 10 KB each, from the whole
	// ClientHello on; each loop has an equal share, of one at least. Beyond it the one goes that
	// has waited longest for its peer, and for a second at least; if there is none the new connection
	// is closed. 0 means 4096.
	MaxTLSHandshakes int
	// TLSHandshakeTimeout bounds a TLS handshake from the ClientHello on. 0 means 10 s.
	TLSHandshakeTimeout time.Duration
	// MaxBacklogMemory bounds the memory of the backlogs of all connections together, which what
	// each may owe does not: see Stats.BacklogMemory for what counts. Above half of it a connection
	// is closed with the SlowCode of its endpoint when its peer has acknowledged nothing for half a
	// second of what the kernel has for it, and for as long again for each time that it has taken as
	// much as it is owed now (5 s at most), or when it has not taken everything for 10 s. At the
	// bound those are closed, until an eighth is free, for which most memory has waited for longest,
	// with the same allowance for what they have taken. A connection that is in the middle of a long
	// message is reset, because the close frame would have to wait for its end. 0 means 256 MiB,
	// negative no bound.
	MaxBacklogMemory int64
	// UnsentBytes bounds what the kernel takes for a connection before it can send it
	// (TCP_NOTSENT_LOWAT, tcp(7); the kernel takes up to some 32 KiB more): all else that a peer
	// does not take waits here, where it is bounded, shared and counted. 0 means 32 KiB, negative
	// the size of the kernel's send buffer, which grows to some MiB. Linux only.
	UnsentBytes int
	// CompressMin is the payload size in bytes from which messages to members that negotiated
	// compression are deflated. 0 means 512.
	CompressMin int
	// Tick is the resolution of all timeouts. 0 means 1 s.
	Tick time.Duration
	// OnError is told what no connection can be told: failing accepts (at most one a second), panics in callbacks,
	// errors of [Endpoint.Accept] that are no [*Reject], and what net/http would log of HTTP's connections. Any
	// goroutine calls it. Nil ignores them.
	OnError func(error)
	// OnRefuse is told of every connection that is answered with an error instead of a 101, on its
	// loop. Nil ignores them.
	OnRefuse func(Refused)

	client      *Client    // whose loops these are, or nil
	ipLimiter   *ipLimiter // nil unless addresses matter
	local       bool       // Listener is a Unix socket
	acceptLimit acceptLimiter
	refusals    refusalCounters
	headers     headerMemory
	denied      atomic.Int64 // connections that linger, see deny.go
	atHTTP      atomic.Int64 // connections that were given to HTTP, see detach.go
	incoming    atomic.Int64 // connections on their way to a place, see displace.go

	sliceSends int                             // see broadcast.go; tests make it small
	shedStall  time.Duration                   // see shed.go; tests make it long
	maxDiscard uint32                          // maxDiscarded; tests make it small
	readTime   time.Duration                   // readTime; tests make it small
	acceptFD   func(listener int) (int, error) // tests make it fail

	endpoints        []Endpoint
	slab             *slab
	tls              *tls.Config
	tlsHandshakes    *tlsHandshakePool
	loops            []*Loop
	address          net.Addr
	batches          sync.Pool
	started          time.Time // of Listen: the zero of clock
	conns            atomic.Int64
	stoppedAccepting atomic.Bool  // StopAccepting was called: nobody changes the loop any more
	affinitySeed     maphash.Seed // of the loops' keys, see affinity.go
	panics           atomic.Int64
	shedding         atomic.Pointer[shedding]
	nextReport       atomic.Int64 // clock, from which on an accept error is reported again
	web              *webServer

	mu      sync.Mutex // guards the state of Serve and Shutdown, nothing on the path of a message
	state   serverState
	done    chan struct{} // closed by Close
	empty   chan struct{} // gets a token when the last connection has gone
	stopped sync.WaitGroup
}

type serverState int

const (
	stateNew serverState = iota
	stateListening
	stateServing
	stateClosed
)

// ErrServerClosed is what Serve returns after Shutdown or Close.
var ErrServerClosed = errors.New("netpoll: server closed")

// ListenAndServe is Listen and Serve.
func (s *Server) ListenAndServe() error {
	if err := s.Listen(); err != nil {
		return err
	}
	return s.Serve()
}

// Listen binds the address, so that ListenAddr is known and clients may connect; they are
// served from Serve on.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateNew {
		return errors.New("netpoll: Listen was called before")
	}
	if len(s.Endpoints) == 0 || len(s.Endpoints) > 255 {
		return errors.New("netpoll: a server needs 1 to 255 endpoints")
	}
	s.prepare()
	if err := s.probe(); err != nil {
		return err
	}
	for i := range s.Loops {
		l, err := newLoop(s, i)
		if err == nil {
			s.loops = append(s.loops, l)
			err = l.listen()
		}
		if err != nil {
			s.closeLoops()
			return err
		}
	}
	s.state = stateListening
	return nil
}

func (s *Server) prepare() {
	s.started = time.Now()
	s.affinitySeed = maphash.MakeSeed()
	limit := openFileLimit()
	s.Addr = cmp.Or(s.Addr, ":8080")
	s.Loops = cmp.Or(s.Loops, runtime.GOMAXPROCS(0))
	s.MaxHTTP = cmp.Or(s.MaxHTTP, 256)
	s.HTTPReadTimeout = cmp.Or(s.HTTPReadTimeout, 10*time.Second)
	s.HTTPWriteTimeout = cmp.Or(s.HTTPWriteTimeout, 30*time.Second)
	s.MaxConns = cmp.Or(s.MaxConns, defaultMaxConns(limit, s.Loops))
	s.MaxHeader = cmp.Or(s.MaxHeader, upgrade.DefaultMaxHeader)
	s.headers.longest, s.headers.limit = int64(s.MaxHeader), int64(cmp.Or(s.MaxHeaderMemory, 64<<20))
	s.HeaderTimeout = cmp.Or(s.HeaderTimeout, 5*time.Second)
	s.MaxControls = cmp.Or(s.MaxControls, 1000)
	s.MessageTimeout = cmp.Or(s.MessageTimeout, 30*time.Second)
	s.CloseTimeout = cmp.Or(s.CloseTimeout, 2*time.Second)
	s.MaxBacklogMemory = cmp.Or(s.MaxBacklogMemory, 256<<20)
	s.UnsentBytes = cmp.Or(s.UnsentBytes, 32<<10)
	s.CompressMin = cmp.Or(s.CompressMin, 512)
	s.TLSHandshakeTimeout = cmp.Or(s.TLSHandshakeTimeout, 10*time.Second)
	s.HelloTimeout = cmp.Or(s.HelloTimeout, 5*time.Second)
	s.MaxTLSHandshakes = cmp.Or(s.MaxTLSHandshakes, 4096)
	if s.TLS != nil {
		s.tls = s.TLS.Clone()
		s.tlsHandshakes = newTLSHandshakePool(s.MaxTLSHandshakes, s.Loops)
		s.tls.NextProtos = []string{"http/1.1"} // HTTP/2 has other WebSockets (RFC 8441)
	}
	s.Tick = cmp.Or(s.Tick, time.Second)
	s.sliceSends = cmp.Or(s.sliceSends, defaultSliceSends)
	s.shedStall = cmp.Or(s.shedStall, defaultShedStall)
	s.maxDiscard = cmp.Or(s.maxDiscard, maxDiscarded)
	s.readTime = cmp.Or(s.readTime, readTime)
	if s.acceptFD == nil {
		s.acceptFD = acceptFD
	}
	s.endpoints = nil
	for _, e := range s.Endpoints {
		s.endpoints = append(s.endpoints, e.withDefaults())
	}
	s.slab = newSlab(limit)
	s.prepareAdmission(limit)
	s.batches.New = func() any { return new(Batch) }
	s.done, s.empty = make(chan struct{}), make(chan struct{}, 1)
}

// maxFDs bounds the slab's directory where the limit of open files is unlimited.
const maxFDs = 1 << 24

func openFileLimit() int {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 1024
	}
	return int(min(uint64(r.Max), maxFDs))
}

// ListenAddr is the address bound by Listen.
func (s *Server) ListenAddr() net.Addr { return s.address }

// NumLoops is the number of event loops. Any goroutine may call it after Listen.
func (s *Server) NumLoops() int { return len(s.loops) }

// Loop returns event loop i. Any goroutine may call it after Listen.
func (s *Server) Loop(i int) *Loop { return s.loops[i] }

// NumConns is the number of connections, those in the middle of an upgrade or of a closing
// handshake included. Any goroutine may call it.
func (s *Server) NumConns() int { return int(s.conns.Load()) }

// Panics is the number of panics in callbacks. Any goroutine may call it.
func (s *Server) Panics() int64 { return s.panics.Load() }

// Serve runs the loops until Shutdown or Close, and returns ErrServerClosed then.
func (s *Server) Serve() error {
	s.mu.Lock()
	if s.state != stateListening {
		closed := s.state == stateClosed
		s.mu.Unlock()
		if closed {
			return ErrServerClosed
		}
		return errors.New("netpoll: Serve needs Listen first")
	}
	s.state = stateServing
	s.web = newWebServer(s)
	if s.tls != nil {
		s.tlsHandshakes.start(runtime.GOMAXPROCS(0))
	}
	errs := make(chan error, len(s.loops))
	for _, l := range s.loops {
		s.stopped.Go(func() { errs <- l.run() })
	}
	s.stopped.Go(s.runTicker)
	s.mu.Unlock()
	var failed error
	select {
	case <-s.done:
	case failed = <-errs: // a poller gave up
		s.stop()
	}
	s.stopped.Wait()
	if s.tlsHandshakes != nil {
		s.tlsHandshakes.close()
	}
	s.web.close()
	s.closeLoops()
	return cmp.Or(failed, ErrServerClosed)
}

// Publish sends b to every member of topic on every loop. Members of one loop all see the
// messages of one goroutine in the order of its calls. Any goroutine may call it.
func (s *Server) Publish(topic string, b *Buffer) { s.publish(topic, b, nil) }

func (s *Server) publish(topic string, b *Buffer, except *Loop) {
	for _, l := range s.loops {
		if l != except {
			batch := l.NewBatch()
			batch.Publish(topic, b)
			l.Post(batch)
		}
	}
}

// removeConn counts a connection that is gone.
func (s *Server) removeConn() {
	if s.conns.Add(-1) == 0 {
		select {
		case s.empty <- struct{}{}:
		default:
		}
	}
}

func (s *Server) report(err error) {
	if s.OnError != nil {
		s.OnError(err)
	}
}
