//go:build !windows

package netpoll

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/netpoll/upgrade"
)

// A request for HTTP on the public port is served by net/http: the connection leaves its loop with the bytes that were
// read.

// detach gives c to net/http, with b, the request and what follows it. The file is then the only owner of the socket.
func (l *Loop) detach(c *Conn, b []byte) {
	s := l.server
	if s.HTTP == nil {
		l.refuse(c, &Reject{
			Status: http.StatusUpgradeRequired, Cause: upgrade.CauseBadRequest,
			Reason: "this port speaks WebSocket", Header: http.Header{"Upgrade": {"websocket"}},
		})
		return
	}
	if !s.web.acquire() {
		l.counters.limits.maxHTTP.Add(1)
		l.refuse(c, &Reject{
			Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload,
			Reason: "too many requests", Header: retryAfter("1"),
		})
		return
	}
	l.counters.detached.Add(1)
	b = bytes.Clone(b)
	if c.has(flagEnding|flagDirty) || !l.packTLS(c) || l.poller.Delete(int(c.fd)) != nil {
		s.web.release()
		c.fail(cause("cannot detach"))
		return
	}
	p := l.give(c)
	s.engine.removeConn()
	f := os.NewFile(uintptr(p.fd), "tcp")
	conn, err := net.FileConn(f)
	_ = f.Close()
	if err != nil {
		s.web.release()
		s.engine.releaseAddr(p.addr)
		s.engine.report(err)
		return
	}
	if p.tls != nil {
		p.tls.wire.conn = conn
		conn = p.tls.conn
	}
	s.web.serve(&prefixConn{Conn: conn, prefix: b, web: s.web, addr: p.addr})
}

// packTLS makes the session of c ready to leave the loop: the ciphertext that was read goes along.
func (l *Loop) packTLS(c *Conn) bool {
	if c.tls == nil {
		return true
	}
	if l.sendCiphertext(c) != nil {
		return false
	}
	c.tls.wire.in = bytes.Clone(c.tls.wire.in)
	return true
}

// webServer runs net/http on the connections that leave the loops. It is also the listener.
type webServer struct {
	http   http.Server
	server *Server
	limit  int64
	linger time.Duration // of a connection that is closed with bytes unread
	queue  chan net.Conn
	done   chan struct{}
	once   sync.Once
	addr   net.Addr
	ended  sync.WaitGroup
}

func newWebServer(s *Server) *webServer {
	w := &webServer{
		server: s, limit: int64(s.maxHTTP()), linger: s.engine.CloseTimeout, addr: s.address,
		queue: make(chan net.Conn, s.maxHTTP()), done: make(chan struct{}),
		http: http.Server{
			Handler: noUpgrade(s.HTTP), MaxHeaderBytes: s.maxHeader(),
			ReadTimeout: s.httpReadTimeout(), WriteTimeout: s.httpWriteTimeout(), IdleTimeout: s.HTTPIdleTimeout,
			ErrorLog: log.New(reporter{s}, "", 0),
		},
	}
	w.http.SetKeepAlivesEnabled(s.HTTPIdleTimeout > 0)
	if s.HTTP != nil {
		w.ended.Go(func() { _ = w.http.Serve(w) })
	}
	return w
}

// noUpgrade refuses requests for a WebSocket, which can only come on a connection that net/http has kept: a connection
// does not come back to a loop. The response tells the client to open a new connection.
func noUpgrade(next http.Handler) http.Handler {
	if next == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoAtLeast(1, 1) && r.Header.Get("Sec-Websocket-Key") != "" {
			w.Header().Set("Connection", "close")
			http.Error(w, "a WebSocket needs a connection of its own", http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// reporter hands the lines that net/http logs to OnError.
type reporter struct{ server *Server }

func (r reporter) Write(line []byte) (int, error) {
	r.server.engine.report(errors.New(string(bytes.TrimSpace(line))))
	return len(line), nil
}

func (w *webServer) acquire() bool {
	if w.server.atHTTP.Add(1) > w.limit {
		w.release()
		return false
	}
	return true
}

func (w *webServer) release() { w.server.atHTTP.Add(-1) }

// serve never blocks: the queue has room for all connections that acquire has counted.
func (w *webServer) serve(c net.Conn) { w.queue <- c }

// Accept makes the webServer the listener of its http.Server.
func (w *webServer) Accept() (net.Conn, error) {
	select {
	case c := <-w.queue:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

// Addr is the address of the server.
func (w *webServer) Addr() net.Addr { return w.addr }

// Close ends Accept.
func (w *webServer) Close() error {
	w.once.Do(func() { close(w.done) })
	return nil
}

func (w *webServer) close() {
	_ = w.Close()
	_ = w.http.Close()
	w.ended.Wait()
	for len(w.queue) > 0 {
		_ = (<-w.queue).Close()
	}
}

// prefixConn is a connection whose first bytes have been read already.
type prefixConn struct {
	net.Conn
	prefix []byte
	web    *webServer
	addr   connAddr // the address that the connection counts for
	closed atomic.Bool
}

func (c *prefixConn) Read(p []byte) (int, error) {
	if len(c.prefix) > 0 {
		n := copy(p, c.prefix)
		c.prefix = c.prefix[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// CloseWrite sends the FIN, then reads and discards bytes for as long as a closing handshake may take. net/http calls
// it before it closes a connection with bytes unread, so that a reset does not overtake the response.
func (c *prefixConn) CloseWrite() error {
	w, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	err := w.CloseWrite()
	_ = c.Conn.SetReadDeadline(time.Now().Add(c.web.linger))
	_, _ = io.CopyN(io.Discard, c.Conn, maxDiscarded)
	return err
}

func (c *prefixConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.web.release()
		c.web.server.engine.releaseAddr(c.addr)
	}
	return c.Conn.Close()
}
