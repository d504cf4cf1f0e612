//go:build !windows

package netpoll

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// An inherited listener (Server.Listener; systemd's socket activation, a parent process) is one socket. Loop 0 accepts
// and sends the descriptors to the other loops. If all loops waited for the same socket, they would wake each other up
// for nothing, or one would take everything.

// inherit makes loop 0 the one that accepts.
func (l *Loop) inherit() error {
	if l.index > 0 {
		return nil
	}
	fd, err := dupListener(l.server.Listener)
	if err != nil {
		return fmt.Errorf("netpoll: take over the listener at %s: %w", l.server.address, err)
	}
	return l.listenOn(fd)
}

// dupListener returns the socket of ln without the Go runtime's poller. Accepted sockets inherit TCP_NODELAY. The file
// of a Unix socket stays.
func dupListener(ln net.Listener) (int, error) {
	source, ok := ln.(interface{ File() (*os.File, error) })
	network := ln.Addr().Network()
	if !ok || network != "tcp" && network != "unix" {
		return -1, fmt.Errorf("a %T of the network %s: only TCP and Unix stream sockets can be served, with TLS by Server.TLS", ln, network)
	}
	if keeper, ok := ln.(interface{ SetUnlinkOnClose(bool) }); ok {
		keeper.SetUnlinkOnClose(false)
	}
	f, err := source.File()
	if err != nil {
		return -1, err
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	err = errors.Join(unix.SetNonblock(fd, true), ln.Close())
	if network == "tcp" {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	}
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// assignLoop makes an accepted descriptor a connection: of this loop if it has a listener of its own, else of the loop
// that the descriptor's number names, which spreads them evenly because the kernel hands out the lowest free numbers. In
// a full server it is the loop that displaces another connection for it.
func (l *Loop) assignLoop(fd int) {
	s := l.server
	s.engine.conns.Add(1) // from here on: a descriptor that waits for its loop is a connection as well
	to := l
	if s.Listener != nil {
		l.boundUnsent(fd) // accepted sockets of Multipath TCP, as Go listens, do not inherit it
		to = s.engine.loops[fd%len(s.engine.loops)]
	}
	switch p := (parcel{fd: fd}); {
	case s.full():
		l.assignDisplacing(p, maxPasses)
	case to == l:
		l.newConn(p)
	default:
		s.engine.sendTo(to, p, to.newConn)
	}
}
