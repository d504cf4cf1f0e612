//go:build linux

package crowd

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/throngd/throng/benchmarks/internal/sys"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// Grow dials further connections until there are n. Room returns the room of each; a connection
// without a room is open after the upgrade.
func (c *Crowd) Grow(n int, room func(id int) string) error {
	var ids []int32
	for id := len(c.conns); id < n; id++ {
		c.conns = append(c.conns, conn{fd: -1})
		ids = append(ids, int32(id))
	}
	return c.Dial(ids, room)
}

// Dial opens the connections with these ids, which are closed or new, in this order, and waits until
// each is in its room. Meanwhile it reads from those that are open.
func (c *Crowd) Dial(ids []int32, room func(id int) string) error {
	for len(ids) > 0 {
		some := ids[:min(len(ids), dialBatch)]
		ids = ids[len(some):]
		for _, id := range some {
			if err := c.ask(id, c.Protocol.Target(room(int(id)))); err != nil {
				return fmt.Errorf("connection %d: %w", id, err)
			}
		}
		for _, id := range some {
			if err := c.join(id, room(int(id))); err != nil {
				return fmt.Errorf("connection %d: %w", id, err)
			}
		}
		for range 1000 {
			if len(c.poll.Poll()) == 0 {
				break
			}
			if err := c.Turn(0); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask connects and sends the request.
func (c *Crowd) ask(id int32, target string) error {
	k := &c.conns[id]
	fd, err := sys.Dial(c.Addr, source(id), patience)
	if err != nil {
		return err
	}
	k.fd, k.part = fd, nil
	return write(fd, wire.Request(c.Addr.String(), target))
}

func source(id int32) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + id%sources)}) }

// join completes the opening handshake of one connection and joins its room.
func (c *Crowd) join(id int32, room string) error {
	k := &c.conns[id]
	b, err := c.upgraded(k.fd)
	if err != nil {
		return err
	}
	if hello := c.Protocol.Hello(room); hello != nil && room != "" {
		if err := write(k.fd, wire.Masked(wire.OpText, hello)); err != nil {
			return err
		}
		if b, err = c.joined(id, b); err != nil {
			return err
		}
	}
	c.keep(k, c.frames(id, b))
	return c.poll.Add(k.fd, id)
}

// upgraded waits for the response and returns the bytes after it.
func (c *Crowd) upgraded(fd int) ([]byte, error) {
	have := 0
	for {
		n, err := sys.Read(fd, c.read[have:])
		if err != nil || n == 0 {
			return nil, fmt.Errorf("no answer to the upgrade (%w): %.200q", orClosed(err), c.read[:have])
		}
		have += n
		if rest, complete, ok := wire.Upgraded(c.read[:have]); complete {
			if !ok {
				return nil, fmt.Errorf("the upgrade was answered %.200q", c.read[:have])
			}
			return rest, nil
		}
	}
}

// joined waits for the reply to the hello and returns the bytes after it.
func (c *Crowd) joined(id int32, b []byte) ([]byte, error) {
	b = append(make([]byte, 0, 4096), b...)
	for {
		if h := wire.ParseHeader(b); h.Size > 0 && len(b) >= h.Size+h.Length {
			payload := b[h.Size : h.Size+h.Length]
			b = b[h.Size+h.Length:]
			ok, err := c.Protocol.Joined(payload)
			if ok && err == nil {
				c.Joined(id, payload)
			}
			if ok || err != nil {
				return b, err
			}
			continue
		}
		n, err := sys.Read(c.conns[id].fd, c.read)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("no answer to the hello (%w)", orClosed(err))
		}
		b = append(b, c.read[:n]...)
	}
}

func orClosed(err error) error {
	if err == nil {
		return errClosed
	}
	return err
}

func write(fd int, p []byte) error {
	n, err := sys.Write(fd, p)
	if err == nil && n < len(p) {
		return errors.New("the server does not read")
	}
	return err
}
