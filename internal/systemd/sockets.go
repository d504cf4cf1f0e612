package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// firstFD is where the sockets begin (sd_listen_fds(3), SD_LISTEN_FDS_START).
const firstFD = 3

// Socket is a listening socket that the service manager opened.
type Socket struct {
	Name     string // FileDescriptorName= of the socket unit, or its name; "unknown" if there is none
	Listener net.Listener
}

// Sockets takes over the sockets that were passed to this process; none if
// there are none. Call it once: the variables are removed, so that a child does
// not believe that they are for it.
func Sockets() ([]Socket, error) {
	s, err := sockets(os.Getenv, firstFD)
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(name)
	}
	return s, err
}

func sockets(getenv func(string) string, first int) (list []Socket, err error) {
	if getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil // for somebody else, or nobody
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

// listener makes a net.Listener of a descriptor and closes that.
func listener(fd int, name string) (net.Listener, error) {
	f := os.NewFile(uintptr(fd), name)
	if f == nil {
		return nil, errors.New("not a descriptor")
	}
	defer f.Close()
	return net.FileListener(f) // duplicates it, with close-on-exec
}

func closeAll(list []Socket) {
	for _, s := range list {
		_ = s.Listener.Close()
	}
}
