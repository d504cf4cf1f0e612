//go:build linux

package crowd

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/benchmarks/internal/sys"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

const (
	pollEvents = 64 // between two looks at the clock
	readSize   = 256 << 10
	sources    = 8 // source addresses, 127.0.0.2 and up
	dialBatch  = 64
	patience   = 10 * time.Second // the longest wait for an answer while connecting
)

// Config is what all connections have in common.
type Config struct {
	Addr     netip.AddrPort // of the server, IPv4
	Protocol wire.Protocol
	Size     int  // bytes of a body; a message has room for another body only if so many bytes are left
	Spin     bool // never sleep, so that the server spends no time on waking this process
}

// Crowd has all connections and the loop over them. One goroutine may use it.
type Crowd struct {
	Config

	// Now is the time since Start. It advances with every poll; with Precise, with every read.
	Now     time.Duration
	Precise bool
	Start   time.Time
	Asleep  time.Duration // in which there was nothing to read and nothing to send
	Reads   int64
	Pings   int64 // of the server, answered

	// Deliver is called for every body that arrives.
	Deliver func(id int32, number uint32)
	// Other is called for every message without one, heartbeats included, which are answered, after
	// errors have become faults.
	Other func(id int32, payload []byte)
	// AfterRead is called when the bytes of one read have been counted.
	AfterRead func()
	// Upgraded is called when a connection of Open can send frames.
	Upgraded func(id int32)
	// Joined is called with the server's answer to the hello of a connection of Dial.
	Joined func(id int32, payload []byte)

	poll  *sys.Epoll
	conns []conn
	read  []byte
	hint  int   // where bodies begin
	fault error // the first error
	idle  bool  // the last poll found nothing, and nothing was sent since
	pong  answer
	beat  answer
}

// conn is one connection.
type conn struct {
	fd        int
	upgrading bool
	part      []byte // a frame or a response of which only a part has arrived
}

// answer is the last answer to a ping, framed: the next one is the same.
type answer struct{ payload, frame []byte }

var errClosed = errors.New("the server closed a connection")

// New returns a crowd without connections.
func New(config Config) (*Crowd, error) {
	poll, err := sys.NewEpoll(pollEvents)
	if err != nil {
		return nil, err
	}
	return &Crowd{Config: config, poll: poll, read: make([]byte, readSize), hint: -1, Start: time.Now(),
		Deliver: func(int32, uint32) {}, Other: func(int32, []byte) {}, AfterRead: func() {},
		Upgraded: func(int32) {}, Joined: func(int32, []byte) {}}, nil
}

// Len is the number of connections, including those that were closed.
func (c *Crowd) Len() int { return len(c.conns) }

// Turn reads from the connections that are ready, waiting at most max for the first. It returns the
// first error of the run.
func (c *Crowd) Turn(max time.Duration) error {
	ready := c.poll.Poll()
	if len(ready) == 0 {
		before := c.Now // of the last poll, if that found nothing either
		if !c.idle {
			before = time.Since(c.Start)
		}
		if max > 0 && !c.Spin {
			ready = c.poll.Wait(max)
		}
		c.Now = time.Since(c.Start)
		c.Asleep += c.Now - before
	} else {
		c.Now = time.Since(c.Start)
	}
	c.idle = len(ready) == 0
	for i := range ready {
		c.receive(ready[i].Fd)
	}
	return c.fault
}

// TurnFor calls Turn for that time.
func (c *Crowd) TurnFor(d time.Duration) error {
	for end := time.Since(c.Start) + d; c.Now < end; {
		if err := c.Turn(min(d, 100*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

// TurnUntil calls Turn until the descriptor is readable.
func (c *Crowd) TurnUntil(fd int) error {
	ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(c.poll.FD()), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(ready, -1); err != nil && err != unix.EINTR {
			return err
		}
		if ready[0].Revents != 0 {
			return nil
		}
		if err := c.Turn(0); err != nil {
			return err
		}
	}
}

// Quiet calls Turn until nothing has arrived for 50 ms, or for 10 s.
func (c *Crowd) Quiet() error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		before := c.Reads
		if err := c.TurnFor(50 * time.Millisecond); err != nil {
			return err
		}
		if c.Reads == before {
			return nil
		}
	}
	return nil
}

// Send gives the frames to the kernel. If the kernel does not accept all of them at once, the run fails.
func (c *Crowd) Send(id int32, frames []byte) {
	c.idle = false
	switch n, errno := sys.Send(c.conns[id].fd, frames); {
	case errno == unix.EAGAIN || errno == 0 && n != len(frames):
		c.Fail(fmt.Errorf("the server does not read: sent %d of %d bytes", max(n, 0), len(frames)))
	case errno != 0:
		c.Fail(ended("send", errno))
	}
}

// ended explains errno for a connection that the server has closed. If it had unread data, the server's kernel resets
// the connection, and either the next recv or the next send reports it (tcp(7): EPIPE after a FIN).
func ended(call string, errno unix.Errno) error {
	if errno == unix.ECONNRESET || errno == unix.EPIPE {
		return fmt.Errorf("%w (%s: %w)", errClosed, call, errno)
	}
	return fmt.Errorf("%s: %w", call, errno)
}

// ListenOnly turns off delayed acknowledgements for connection id, until something is sent on it.
//
// After a client has replied once, its kernel delays acknowledgements in order to send them together with the next
// reply, and without one sends them with every second message. Over loopback that happens inside the server's send:
// 2 us of the client's work count as the server's, and only with protocols in which clients send something after the
// upgrade. Most members of a room do not reply to messages.
func (c *Crowd) ListenOnly(id int32) {
	if err := sys.ListenOnly(c.conns[id].fd); err != nil {
		c.Fail(fmt.Errorf("TCP_QUICKACK: %w", err))
	}
}

// Fail makes err the error of the run, if it is the first.
func (c *Crowd) Fail(err error) {
	if c.fault == nil {
		c.fault = err
	}
}

// receive reads once. Polling is level-triggered, so that unread data is reported again.
func (c *Crowd) receive(id int32) {
	k := &c.conns[id]
	held := copy(c.read, k.part)
	n, errno := sys.Recv(k.fd, c.read[held:])
	switch {
	case errno == unix.EAGAIN:
		return
	case errno != 0:
		c.Fail(ended("recv", errno))
		return
	case n == 0:
		c.Fail(errClosed)
		return
	}
	if c.Reads++; c.Precise {
		c.Now = time.Since(c.Start)
	}
	if k.upgrading {
		c.upgrade(id, c.read[:held+n])
	} else {
		c.keep(k, c.frames(id, c.read[:held+n]))
	}
	c.AfterRead()
}

// keep stores the bytes of an incomplete frame for the next read.
func (c *Crowd) keep(k *conn, rest []byte) { k.part = append(k.part[:0], rest...) }
