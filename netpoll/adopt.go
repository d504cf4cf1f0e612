//go:build !windows

package netpoll

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll/upgrade"
)

// Connections that other code has accepted. The server handles them like those of its own listeners and admits them by
// the same limits. The loop gets a duplicate of the descriptor, and the net.Conn is closed: the Go runtime's poller
// must not watch the same socket.

var errTLSConn = errors.New("netpoll: a connection with TLS cannot be taken over: the session is crypto/tls's. Set Server.TLS, or end TLS at a proxy")

// ServeConn takes over a connection that was accepted elsewhere and of which nothing has been read: of TCP or a Unix stream
// socket. It is served as one of the server's own listeners, by the same settings: with [Server.TLS] it begins with a TLS
// handshake, with [Server.ProxyProtocol] with a PROXY header. Connections of Unix sockets count as one address, unless
// the Listener is a Unix socket.
//
// Without an error conn is closed when ServeConn returns, and its socket is the server's. With an error conn is as it was,
// and the caller's: a *tls.Conn, or a type that does not give access to its descriptor ([syscall.Conn]), cannot be taken
// over; ErrServerClosed. Any goroutine may call it after Listen.
func (s *Server) ServeConn(conn net.Conn) error { return s.adopt(conn, nil) }

// UpgradeHTTP upgrades a request in a handler of net/http, for a service that serves WebSockets on the port of its mux: the
// handler returns after it. The request is checked like one that the server has read itself, by the endpoint of its
// path as it was sent ([http.Request.RequestURI]). Bytes that net/http has read behind the request are not lost.
// [Server.TLS] and [Server.ProxyProtocol] do not matter for it.
//
// Without an error the socket is the server's, and a loop answers the request. With an error the request has been
// answered: one that is no upgrade with 426, a server that is closed with 503, a connection with TLS with 501, since its
// session belongs to crypto/tls.
//
// [http.Server.Shutdown] knows nothing of the connection any more: [Server.Shutdown] closes it.
//
// HTTP/2 has a different opening handshake (RFC 8441), so the http.Server must speak HTTP/1.1, as it does without TLS.
// Any goroutine may call it after Listen.
func (s *Server) UpgradeHTTP(w http.ResponseWriter, r *http.Request) error {
	request, reject, err := s.checkHTTP(r)
	if err != nil {
		for name, values := range reject.Header {
			w.Header()[name] = values
		}
		http.Error(w, reject.Reason, reject.StatusCode())
		return err
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "the connection cannot be upgraded", http.StatusNotImplemented)
		return fmt.Errorf("netpoll: %w", err)
	}
	behind, _ := rw.Reader.Peek(rw.Reader.Buffered())
	if err := s.adopt(conn, append(request.Block(), behind...)); err != nil {
		why := &Reject{Status: http.StatusNotImplemented, Reason: "the connection cannot be upgraded"}
		_, _ = conn.Write(why.Append(nil))
		return errors.Join(err, conn.Close())
	}
	return nil
}

// checkHTTP returns the request as a server reads it. With an error reject is the response.
func (s *Server) checkHTTP(r *http.Request) (request *Request, reject *Reject, err error) {
	refuse := func(status int, err error) (*Request, *Reject, error) {
		return nil, &Reject{Status: status, Reason: http.StatusText(status)}, err
	}
	switch request, err = upgrade.NewRequest(r); {
	case !s.adopts():
		return refuse(http.StatusServiceUnavailable, ErrServerClosed)
	case r.TLS != nil:
		return refuse(http.StatusNotImplemented, errTLSConn)
	case r.ProtoMajor != 1:
		return refuse(http.StatusHTTPVersionNotSupported, fmt.Errorf("netpoll: a WebSocket over %s", r.Proto))
	case err != nil:
		return refuse(http.StatusBadRequest, fmt.Errorf("netpoll: %w", err))
	case !request.WebSocket():
		return nil, &Reject{
			Status: http.StatusUpgradeRequired, Reason: "this is the address of a WebSocket",
			Header: http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}},
		}, errors.New("netpoll: the request does not ask for a WebSocket")
	}
	return request, nil, nil
}

// adopts reports whether the server takes over connections.
func (s *Server) adopts() bool {
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	state := s.engine.state
	return (state == stateListening || state == stateServing) && !s.stoppedAccepting.Load()
}

// adopt takes conn over. in holds the bytes that were read from it, which begin with a whole request; nil if none were
// read.
func (s *Server) adopt(conn net.Conn, in []byte) error {
	if !s.adopts() {
		return ErrServerClosed
	}
	fd, err := dupConn(conn)
	if err != nil {
		return err
	}
	_ = conn.Close() // before the loop looks at the socket
	s.engine.conns.Add(1)
	to := s.engine.loops[fd%len(s.engine.loops)]
	s.engine.sendTo(to, parcel{fd: fd, in: in}, to.newAdopted)
	return nil
}

// newAdopted makes p a connection as assignLoop does. It runs on the loop: a server that has stopped accepting meanwhile
// has closed its connections already.
func (l *Loop) newAdopted(p parcel) {
	l.boundUnsent(p.fd)
	switch {
	case l.server.stoppedAccepting.Load():
		l.engine.discard(p)
	case l.server.full():
		l.assignDisplacing(p, maxPasses)
	default:
		l.newConn(p)
	}
}

// dupConn duplicates the descriptor of conn, which stays non-blocking: the flag is the socket's.
func dupConn(conn net.Conn) (fd int, err error) {
	if _, ok := conn.(*tls.Conn); ok {
		return -1, errTLSConn
	}
	sc, ok := conn.(syscall.Conn)
	if network := conn.LocalAddr().Network(); !ok || network != "tcp" && network != "unix" {
		return -1, fmt.Errorf("netpoll: a %T of the network %s cannot be taken over: only TCP and Unix stream sockets can", conn, network)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("netpoll: %w", err)
	}
	var failed error
	err = raw.Control(func(original uintptr) {
		fd, failed = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err = errors.Join(err, os.NewSyscallError("fcntl", failed)); err != nil {
		return -1, fmt.Errorf("netpoll: %w", err)
	}
	return fd, nil
}
