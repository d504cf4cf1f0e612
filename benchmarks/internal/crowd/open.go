//go:build linux

package crowd

import (
	"fmt"

	"github.com/throngd/throng/benchmarks/internal/sys"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// Room allocates n connections that Open will open.
func (c *Crowd) Room(n int) {
	for len(c.conns) < n {
		c.conns = append(c.conns, conn{fd: -1})
	}
}

// Open connects and sends the request; Upgraded is called when it is answered with a 101. A
// connection that is open is reset (RST, so that neither side keeps a port) and its socket
// used again, which saves five system calls.
func (c *Crowd) Open(id int32, request []byte) {
	if err := c.open(id); err != nil {
		c.Fail(fmt.Errorf("connection %d: %w", id, err))
		return
	}
	k := &c.conns[id]
	k.upgrading, k.part = true, k.part[:0]
	c.Send(id, request)
}

func (c *Crowd) open(id int32) error {
	k := &c.conns[id]
	if k.fd >= 0 {
		return sys.Reconnect(k.fd, c.Addr)
	}
	fd, err := sys.Dial(c.Addr, source(id), patience)
	if err != nil {
		return err
	}
	k.fd = fd
	return c.poll.Add(fd, id)
}

// upgrade looks for the response in b.
func (c *Crowd) upgrade(id int32, b []byte) {
	k := &c.conns[id]
	rest, complete, ok := wire.Upgraded(b)
	switch {
	case !complete:
		c.keep(k, b)
	case !ok:
		c.Fail(fmt.Errorf("the upgrade was answered %.200q", b))
	default:
		k.upgrading = false
		c.keep(k, rest)
		c.Upgraded(id)
	}
}

// Hangup closes connections, with a FIN or with a reset. It must not be called by a hook.
func (c *Crowd) Hangup(ids []int32, reset bool) {
	for _, id := range ids {
		k := &c.conns[id]
		if reset {
			sys.Reset(k.fd)
		}
		sys.Close(k.fd)
		*k = conn{fd: -1}
	}
}
