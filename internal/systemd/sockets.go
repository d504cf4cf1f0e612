package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// firstFD is where the sockets begin (sd_listen_fds(3), SD_LISTEN_FDS_START).
const firstFD = 3

// Socket is a listening socket that the service manager opened.
type Socket struct {
	Name     string // FileDescriptorName= of the socket unit, or its name; "unknown" if there is none
	Listener net.Listener
}

// Sockets returns the sockets that were passed to this process. Call it once: it removes the variables, so that a child
// process does not use them.
func Sockets() ([]Socket, error) {
	s, err := sockets(os.Getenv, firstFD)
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(name)
	}
	return s, err
}

func sockets(getenv func(string) string, first int) (list []Socket, err error) {
	if getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil // for another process, or none
	}
	count, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || count < 0 || count > 1024 {
		return nil, fmt.Errorf("LISTEN_FDS=%s is not a number of sockets", getenv("LISTEN_FDS"))
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	for i := range count {
		s := Socket{Name: "unknown"}
		if i < len(names) && names[i] != "" {
			s.Name = names[i]
		}
		if s.Listener, err = listener(first+i, s.Name); err != nil {
			closeAll(list)
			return nil, fmt.Errorf("socket %q (descriptor %d) that systemd passed: %w", s.Name, first+i, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// listener returns a net.Listener for a descriptor, and closes the descriptor.
func listener(fd int, name string) (net.Listener, error) {
	f := os.NewFile(uintptr(fd), name)
	if f == nil {
		return nil, errors.New("not a descriptor")
	}
	defer f.Close()
	if err := listens(fd); err != nil {
		return nil, err
	}
	return net.FileListener(f) // duplicates it, with close-on-exec
}

// listens returns why a descriptor is not a listening stream socket, in the terms of systemd.socket(5).
func listens(fd int) error {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	switch {
	case errors.Is(err, unix.ENOTSOCK):
		return errors.New("no socket; a port is ListenStream=")
	case err != nil:
		return os.NewSyscallError("getsockopt", err)
	case kind == unix.SOCK_DGRAM:
		return errors.New("a datagram socket; a port is ListenStream=, not ListenDatagram=")
	case kind == unix.SOCK_SEQPACKET:
		return errors.New("a sequential packet socket; a port is ListenStream=, not ListenSequentialPacket=")
	case kind != unix.SOCK_STREAM:
		return fmt.Errorf("a socket of type %d; a port is ListenStream=", kind)
	}
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && on == 0 {
		return errors.New("a connection and no listener; throng accepts itself, with Accept=no")
	}
	return nil
}

func closeAll(list []Socket) {
	for _, s := range list {
		_ = s.Listener.Close()
	}
}
