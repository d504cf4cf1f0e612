//go:build !windows

package netpoll

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/internal/limit"
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
	// NoListener listens nowhere: connections come from [Server.ServeConn] and [Server.UpgradeHTTP] only.
	NoListener bool
	// Loops is the number of event loops, each a goroutine with its own listener
	// (SO_REUSEPORT). 0 means GOMAXPROCS.
	Loops int
	// Endpoints are tried in order by path. At least one is needed; endpoints and their subprotocols together are at most 256.
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
	// MaxLag is how late a loop may be (see [LoopStats.Lag]) and still take new connections; they
	// are answered 503 then, or with TLS closed. 0 means that it never refuses.
	MaxLag time.Duration
	// TrustedProxies are the proxies whose ForwardedHeader names the client; with ProxyProtocol, the proxies that begin
	// with a PROXY header. For every other peer the address of the client is that of the peer.
	TrustedProxies []netip.Prefix
	// ForwardedHeader is the header to which the trusted proxies append the address of their peer: "X-Forwarded-For" or
	// "Forwarded" (RFC 7239). Only one of them is looked at: the other one could be a client's own that a proxy passes
	// through. Empty means X-Forwarded-For.
	ForwardedHeader string
	// ProxyProtocol expects a PROXY header, version 1 or 2, from TrustedProxies; from every peer if there are none.
	ProxyProtocol bool
	// MaxHeader bounds the request line and all header fields of a request in bytes, for HTTP
	// too; beyond it 431 is answered, or 414. 0 means 32 KiB.
	MaxHeader int
	// MaxDeciding bounds the requests that wait for a decision, see Endpoint.Decide; beyond it 503 is answered. 0 means
	// 4096.
	MaxDeciding int
	// MaxHeaderMemory bounds the memory in bytes of all requests that have arrived in part, together. Above half of it
	// the bound for one such request is lower than MaxHeader, and the lower the more memory is in use; a longer one is
	// answered 503. 0 means 64 MiB.
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
	// CloseTimeout bounds the closing handshake, from the time at which the close frame was sent. If a backlog precedes
	// the close frame, the peer has CloseTimeout to take each further part of it, and Endpoint.MaxBacklogAge for all.
	// Bytes that a peer sends after it was closed or refused are discarded. A peer that goes on sending and has not
	// acknowledged everything has five times CloseTimeout (Linux). 0 means 2 s.
	CloseTimeout time.Duration
	// TLS makes every connection a TLS one, WebSocket and HTTP alike; it is cloned. Use
	// GetCertificate or GetConfigForClient to change certificates while running. Nil is plain.
	TLS *tls.Config
	// HelloTimeout bounds the time from accept, or from the PROXY header, to the last byte of the
	// ClientHello. 0 means 5 s.
	HelloTimeout time.Duration
	// MaxTLSHandshakes bounds the TLS handshakes in flight, about 10 KB each, from the whole ClientHello on; each loop
	// has an equal share, of one at least. Beyond it the handshake that has waited longest for its peer, and for a
	// second at least, is ended. If there is none the new connection is closed. 0 means 4096.
	MaxTLSHandshakes int
	// TLSHandshakeTimeout bounds a TLS handshake from the ClientHello on. 0 means 10 s.
	TLSHandshakeTimeout time.Duration
	// MaxBacklogMemory bounds the memory of the backlogs of all connections together; Stats.BacklogMemory says what
	// counts. Above half of it a connection with a stalled peer is closed with the SlowCode of its endpoint. A peer is
	// stalled when it has acknowledged nothing for half a second of the bytes that the kernel has for it, and for as
	// long again for each time that it has taken as much as its backlog has now (5 s at most); or when it has not taken
	// everything for 10 s. At the bound connections are closed until an eighth is free, first those with the most
	// memory for the longest time, with the same allowance for the bytes that they have taken. A connection in the
	// middle of a long message is reset, because the close frame would have to wait for its end. 0 means 256 MiB,
	// negative no bound.
	MaxBacklogMemory int64
	// UnsentBytes bounds the bytes that the kernel takes for a connection before it can send them (TCP_NOTSENT_LOWAT,
	// tcp(7); the kernel takes up to some 32 KiB more). All further bytes for a slow peer wait in the process, where
	// they are bounded, shared and counted. 0 means 32 KiB, negative the size of the kernel's send buffer, which grows
	// to some MiB. Linux only.
	UnsentBytes int
	// CompressMin is the payload size in bytes from which messages to members that negotiated
	// compression are deflated. 0 means 512.
	CompressMin int
	// CompressLevel is the level of that compression, from 1, the fastest, to 9, the densest; other values are an error
	// of Listen. A message is compressed once for all members, by a loop that serves no connection meanwhile. Members
	// that limit our window (RFC 7692, 7.1.2.1) get a level of its own. 0 means 1.
	CompressLevel int
	// Tick is the resolution of all timeouts. 0 means 1 s.
	Tick time.Duration
	// OnError is called with errors that no call can return: failing accepts (at most one a second), panics in
	// callbacks, errors of [Endpoint.Accept] that are no [*Reject], and the log lines of net/http. Any goroutine calls
	// it. Nil ignores them.
	OnError func(error)
	// OnRefuse is called on its loop for every connection that is answered with an error instead of a 101. Nil ignores
	// them.
	OnRefuse func(Refused)

	engine engine // the settings that its loops need, the loops, and their state

	tls        *tls.Config // a copy of TLS
	local      bool        // Listener is a Unix socket
	address    net.Addr
	maxConns   int64        // MaxConns or its default
	acceptRate limit.Rate   // AcceptRate
	accepted   limit.Shared // connections, for acceptRate
	refusals   refusalCounters
	deciding   atomic.Int64 // requests that wait for a decision
	denied     atomic.Int64 // connections that were not admitted and linger, see deny.go
	atHTTP     atomic.Int64 // connections that were given to HTTP, see detach.go
	incoming   atomic.Int64 // connections on their way to a loop that displaces another for them, see displace.go
	nextReport atomic.Int64 // clock, from which on an accept error is reported again
	web        *webServer

	stoppedAccepting atomic.Bool  // StopAccepting was called: no connection changes its loop any more
	affinitySeed     maphash.Seed // of the keys of affinity.go

	acceptFD func(listener int) (int, error) // tests make it fail
}

// ErrServerClosed is the error of Serve after Shutdown or Close.
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
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	if s.engine.state != stateNew {
		return errors.New("netpoll: Listen was called before")
	}
	if n := rows(s.Endpoints); n == 0 || n > maxRows {
		return fmt.Errorf("netpoll: a server needs an endpoint, and %d at most with the subprotocols", maxRows)
	}
	s.prepare()
	addr, err := s.probe()
	if err != nil {
		return err
	}
	for i := range s.engine.Loops {
		l, err := s.newLoop(i)
		if err == nil {
			s.engine.loops = append(s.engine.loops, l)
			err = l.listen(addr)
		}
		if err != nil {
			s.engine.closeLoops()
			return err
		}
	}
	s.engine.state = stateListening
	return nil
}

// prepare makes the running state. It changes no setting.
func (s *Server) prepare() {
	files, e := openFileLimit(), &s.engine
	e.init(loopSettings{
		Loops: s.Loops, MessageTimeout: s.MessageTimeout, MaxFragments: s.MaxFragments, MaxControls: s.MaxControls,
		CloseTimeout: s.CloseTimeout, Tick: s.Tick, OnError: s.OnError,
	}, s.Endpoints, files)
	e.closed = errServerClosed
	e.maxBacklogMemory = cmp.Or(s.MaxBacklogMemory, 256<<20)
	e.compressMin = cmp.Or(s.CompressMin, 512)
	e.compressLevel = s.CompressLevel
	e.headers.longest, e.headers.limit = int64(s.maxHeader()), int64(cmp.Or(s.MaxHeaderMemory, 64<<20))
	if s.TLS != nil {
		s.tls = s.TLS.Clone()
		s.tls.NextProtos = []string{"http/1.1"} // WebSockets over HTTP/2 (RFC 8441) are not supported
		e.tlsHandshakes = newTLSHandshakePool(cmp.Or(s.MaxTLSHandshakes, 4096), e.Loops)
	}
	s.maxConns = int64(cmp.Or(s.MaxConns, defaultMaxConns(files, e.Loops)))
	s.affinitySeed = maphash.MakeSeed()
	if s.acceptFD == nil {
		s.acceptFD = acceptFD
	}
	s.prepareAdmission(files)
}

func (s *Server) newLoop(i int) (*Loop, error) {
	l, err := newLoop(&s.engine, i)
	if err != nil {
		return nil, err
	}
	l.server, l.upgrader = s, newUpgrader(s)
	if s.tls != nil {
		l.tls = newTLSScratch()
	}
	return l, nil
}

// The defaults of settings that are read where they are needed.

func (s *Server) maxHTTP() int                    { return cmp.Or(s.MaxHTTP, 256) }
func (s *Server) httpReadTimeout() time.Duration  { return cmp.Or(s.HTTPReadTimeout, 10*time.Second) }
func (s *Server) httpWriteTimeout() time.Duration { return cmp.Or(s.HTTPWriteTimeout, 30*time.Second) }
func (s *Server) maxHeader() int                  { return cmp.Or(s.MaxHeader, upgrade.DefaultMaxHeader) }
func (s *Server) headerTimeout() time.Duration    { return cmp.Or(s.HeaderTimeout, 5*time.Second) }
func (s *Server) helloTimeout() time.Duration     { return cmp.Or(s.HelloTimeout, 5*time.Second) }
func (s *Server) unsentBytes() int                { return cmp.Or(s.UnsentBytes, 32<<10) }

func (s *Server) tlsHandshakeTimeout() time.Duration {
	return cmp.Or(s.TLSHandshakeTimeout, 10*time.Second)
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
func (s *Server) NumLoops() int { return len(s.engine.loops) }

// Loop returns event loop i. Any goroutine may call it after Listen.
func (s *Server) Loop(i int) *Loop { return s.engine.loops[i] }

// NumConns is the number of connections, those in the middle of an upgrade or of a closing
// handshake included. Any goroutine may call it.
func (s *Server) NumConns() int { return int(s.engine.conns.Load()) }

// Serve runs the loops until Shutdown or Close, and returns ErrServerClosed then.
func (s *Server) Serve() error {
	s.engine.mu.Lock()
	if s.engine.state != stateListening {
		closed := s.engine.state == stateClosed
		s.engine.mu.Unlock()
		if closed {
			return ErrServerClosed
		}
		return errors.New("netpoll: Serve needs Listen first")
	}
	s.web = newWebServer(s)
	failed := make(chan error, len(s.engine.loops))
	s.engine.start(func(err error) { failed <- err })
	s.engine.mu.Unlock()
	s.engine.wait()
	s.web.close()
	s.engine.closeLoops()
	select {
	case err := <-failed:
		return err
	default:
		return ErrServerClosed
	}
}

// Publish sends b to every member of topic on every loop. Members of one loop all see the
// messages of one goroutine in the order of its calls. Any goroutine may call it.
func (s *Server) Publish(topic string, b *Buffer) { s.engine.publish(topic, b, nil) }
