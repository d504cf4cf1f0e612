//go:build !windows

package netpoll

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"
	"github.com/panjf2000/gnet/v2/pkg/socket"
	"golang.org/x/sys/unix"
)

// probe binds the address once without SO_REUSEPORT, so that a port which another server holds is an error, and not a
// share of its connections. It returns the address for the first loop to listen on.
func (s *Server) probe() (addr string, err error) {
	if s.NoListener {
		return "", nil
	}
	if s.Listener != nil {
		s.address = s.Listener.Addr()
		return "", nil
	}
	addr = cmp.Or(s.Addr, ":8080")
	reuse := []socket.Option[int]{{SetSockOpt: socket.SetReuseAddr, Opt: 1}}
	fd, bound, err := socket.TCPSocket("tcp", addr, true, reuse, nil)
	if errors.Is(err, unix.EAFNOSUPPORT) && strings.HasPrefix(addr, ":") { // no IPv6 here
		addr = "0.0.0.0" + addr
		fd, bound, err = socket.TCPSocket("tcp", addr, true, reuse, nil)
	}
	if err != nil {
		return "", fmt.Errorf("netpoll: listen on %s: %w", addr, err)
	}
	defer unix.Close(fd)
	s.address = bound
	return addr, nil
}

// listen opens the listener of the loop. Accepted sockets inherit TCP_NODELAY.
func (l *Loop) listen(addr string) error {
	if l.server.NoListener {
		return nil
	}
	if l.server.Listener != nil {
		return l.inherit()
	}
	if l.index > 0 {
		addr = l.server.address.String() // with the port that the kernel chose for :0
	}
	fd, bound, err := socket.TCPSocket("tcp", addr, true, []socket.Option[int]{
		{SetSockOpt: socket.SetReuseAddr, Opt: 1},
		{SetSockOpt: socket.SetReuseport, Opt: 1},
		{SetSockOpt: socket.SetNoDelay, Opt: 1},
	}, nil)
	if err != nil {
		return fmt.Errorf("netpoll: listen on %s: %w", addr, err)
	}
	if l.index == 0 {
		if l.server.address, err = boundAddr(fd, bound); err != nil {
			return errors.Join(err, unix.Close(fd))
		}
	}
	return l.listenOn(fd)
}

// listenOn makes fd the listener.
func (l *Loop) listenOn(fd int) error {
	l.listener = fd
	l.boundUnsent(fd) // accepted sockets inherit it
	return l.poller.AddRead(&gnetpoll.PollAttachment{FD: fd}, false)
}

// boundUnsent sets UnsentBytes. A kernel without that option has its send buffer as the bound.
func (l *Loop) boundUnsent(fd int) {
	if n := l.server.unsentBytes(); n > 0 {
		_ = limitUnsent(fd, n)
	}
}

func (l *Loop) closeListener() {
	if l.listener >= 0 {
		if !l.parked {
			_ = l.poller.Delete(l.listener)
		}
		_ = unix.Close(l.listener)
		l.listener = -1
	}
}

const (
	acceptBatch = 64
	parkTime    = 50 * time.Millisecond
	acceptBurst = 100 * time.Millisecond // the burst of AcceptRate, as the time in which it is earned
)

// accept takes a batch of new connections.
func (l *Loop) accept() {
	for range acceptBatch {
		if l.server.acceptLimited() || l.server.incoming.Load() >= maxIncoming {
			l.pause()
			return
		}
		fd, err := l.server.acceptFD(l.listener)
		switch {
		case err == nil:
			l.server.countAccept()
			l.assignLoop(fd)
		case err == unix.EAGAIN:
			return
		case err == unix.EINTR || err == unix.ECONNABORTED:
		default:
			l.park(err)
			return
		}
	}
}

// park pauses accepting after an error: without descriptors or memory the next accept would fail as well. Open
// connections are served on, new ones wait in the backlog of the listener.
func (l *Loop) park(err error) {
	l.counters.acceptErrors.Add(1)
	next, now := l.server.nextReport.Load(), int64(l.engine.clock())
	if now >= next && l.server.nextReport.CompareAndSwap(next, now+int64(time.Second)) {
		l.engine.report(fmt.Errorf("%w; trying again every %v", os.NewSyscallError("accept", err), parkTime))
	}
	l.pause()
}

// pause stops accepting for parkTime.
func (l *Loop) pause() {
	if l.poller.Delete(l.listener) != nil {
		return
	}
	l.parked = true
	time.AfterFunc(parkTime, func() { l.Do(l.unpark) })
}

func (l *Loop) unpark() {
	if l.parked && l.listener >= 0 {
		l.parked = false
		if err := l.poller.AddRead(&gnetpoll.PollAttachment{FD: l.listener}, false); err != nil {
			l.parked = true
			l.engine.report(fmt.Errorf("the listener does not come back: %w; trying again every %v", err, parkTime))
			time.AfterFunc(parkTime, func() { l.Do(l.unpark) })
		}
	}
}

// newConn makes a descriptor that was accepted, and is counted already, a connection of this loop. Bytes that net/http
// has read from it (Server.UpgradeHTTP) begin with the request.
func (l *Loop) newConn(p parcel) {
	c := l.take(p)
	if c == nil {
		l.rejectRaw(p.fd, overloaded("too many connections"))
		l.engine.discard(p)
		return
	}
	l.countAccepted(c)
	if deny := l.admit(c, p.in != nil); deny != nil {
		l.deny(c, deny, p.in != nil)
		return
	}
	if err := l.attach(c); err != nil {
		l.engine.report(err)
		l.freeConn(c)
		return
	}
	l.enqueueWaiting(c)
	if p.in != nil {
		defer l.recoverPanic(c.Handle())
		l.readRequest(c, p.in)
	}
}

// boundAddr returns addr with the port that the kernel chose.
func boundAddr(fd int, addr net.Addr) (net.Addr, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	tcp := *addr.(*net.TCPAddr)
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		tcp.Port = sa.Port
	case *unix.SockaddrInet6:
		tcp.Port = sa.Port
	}
	return &tcp, nil
}
