package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"syscall"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/netpoll"
)

// How a client that misbehaves connects, and in what pieces it writes.

// bytePause is the time between two bytes of a client that writes slowly.
const bytePause = time.Millisecond

// stalledBuffer is the receive buffer of a client that stops reading: small, so that the server's
// writes soon block.
const stalledBuffer = 4096

// open connects, and upgrades unless the client never does.
func (p *misbehaver) open(d *netpoll.Dialer) (in *bufio.Reader, t netpoll.DialTimes, err error) {
	began := time.Now()
	lap := func() time.Duration { d := time.Since(began); began = time.Now(); return d }
	conn, err := p.dial(d)
	if err != nil {
		return nil, t, err
	}
	t.Connect = lap()
	if d.TLS != nil {
		c := tls.Client(conn, d.TLS)
		_ = conn.SetDeadline(time.Now().Add(d.TLSTimeout))
		if err := c.Handshake(); err != nil {
			_ = conn.Close()
			return nil, t, &netpoll.DialError{Dialer: d, Addr: d.Addr, Phase: netpoll.DialTLS, Err: err}
		}
		_ = conn.SetDeadline(time.Time{})
		conn, t.TLS = c, lap()
	}
	if !p.setConn(conn) {
		return nil, t, &netpoll.DialError{Dialer: d, Addr: d.Addr, Phase: netpoll.DialConnect, Err: netpoll.ErrClientClosed}
	}
	in, err = p.upgrade(d, conn)
	t.Upgrade = lap()
	return in, t, err
}

func (p *misbehaver) dial(d *netpoll.Dialer) (net.Conn, error) {
	dialer := net.Dialer{Timeout: d.ConnectTimeout}
	if d.Local.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(d.Local)
	}
	if p.how == stopsReading {
		dialer.Control = func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, stalledBuffer) })
		}
	}
	c, err := dialer.DialContext(context.Background(), "tcp", d.Addr.String())
	if err != nil {
		return nil, &netpoll.DialError{Dialer: d, Addr: d.Addr, Phase: netpoll.DialConnect, Err: err}
	}
	return c, nil
}

// setConn keeps the connection for close. It reports false if close has been called already.
func (p *misbehaver) setConn(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		_ = c.Close()
		return false
	}
	p.conn = c
	return true
}

func (p *misbehaver) upgrade(d *netpoll.Dialer, conn net.Conn) (*bufio.Reader, error) {
	switch p.how {
	case onlyConnects:
		return bufio.NewReader(conn), nil
	case sendsHalfRequest:
		_, err := io.WriteString(conn, "GET "+d.Path+" HTTP/1.1\r\nHost: "+d.Host+"\r\nUpgr")
		return bufio.NewReader(conn), err
	}
	u, err := url.ParseRequestURI(d.Path)
	if err != nil {
		return nil, err
	}
	h := ws.Dialer{Host: d.Host, Header: ws.HandshakeHeaderHTTP(d.Header)}
	_ = conn.SetReadDeadline(time.Now().Add(d.UpgradeTimeout + 10*time.Second))
	left, _, err := h.Upgrade(struct {
		io.Reader
		io.Writer
	}{conn, p.writer(conn)}, u)
	_ = conn.SetReadDeadline(time.Time{})
	if err != nil {
		return nil, &netpoll.DialError{Dialer: d, Addr: d.Addr, Phase: netpoll.DialUpgrade, Err: err}
	}
	if left != nil {
		return bufio.NewReader(io.MultiReader(left, conn)), nil
	}
	return bufio.NewReader(conn), nil
}

// writer is a writer to w that writes as the client does.
func (p *misbehaver) writer(w io.Writer) io.Writer {
	if p.how == writesSlowly {
		return byteWriter{w}
	}
	return w
}

// byteWriter writes one byte at a time.
type byteWriter struct{ io.Writer }

func (d byteWriter) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Writer.Write(b[i : i+1]); err != nil {
			return i, err
		}
		time.Sleep(bytePause)
	}
	return len(b), nil
}
