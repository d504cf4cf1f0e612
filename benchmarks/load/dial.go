//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/throngd/throng/benchmarks/internal/sys"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// dial opens connections until there are n. room says where each belongs. Those that are
// open are read from in between.
func (c *crowd) dial(n int, target func(id int) string, room func(id int) string) error {
	for len(c.conns) < n {
		first := len(c.conns)
		for id := first; id < min(n, first+dialBatch); id++ {
			source := netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + id%sources)})
			fd, err := sys.Dial(c.o.addr, source, patience)
			if err != nil {
				return fmt.Errorf("connection %d: %w", id, err)
			}
			c.conns = append(c.conns, conn{fd: fd})
			if err := write(fd, wire.Request(c.o.addr.String(), target(id))); err != nil {
				return fmt.Errorf("connection %d: %w", id, err)
			}
		}
		for id := first; id < len(c.conns); id++ {
			if err := c.greet(id, room(id)); err != nil {
				return fmt.Errorf("connection %d: %w", id, err)
			}
		}
		for range 1000 {
			if len(c.poll.Poll()) == 0 {
				break
			}
			if err := c.turn(0); err != nil {
				return err
			}
		}
	}
	return nil
}

// greet finishes the handshake and the hello of one connection.
func (c *crowd) greet(id int, room string) error {
	k := &c.conns[id]
	b, err := c.upgraded(k.fd)
	if err != nil {
		return err
	}
	if hello := c.o.protocol.Hello(room); hello != nil {
		if err := write(k.fd, wire.Masked(wire.OpText, hello)); err != nil {
			return err
		}
		if b, err = c.joined(k.fd, b); err != nil {
			return err
		}
	}
	c.keep(k, c.frames(int32(id), b))
	return c.poll.Add(k.fd, int32(id))
}

// upgraded waits for the response and returns what came behind it.
func (c *crowd) upgraded(fd int) ([]byte, error) {
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

// joined waits for the answer to the hello and returns what came behind it.
func (c *crowd) joined(fd int, b []byte) ([]byte, error) {
	b = append(make([]byte, 0, 4096), b...)
	for {
		if h := wire.ParseHeader(b); h.Size > 0 && len(b) >= h.Size+h.Length {
			ok, err := c.o.protocol.Joined(b[h.Size : h.Size+h.Length])
			b = b[h.Size+h.Length:]
			if err != nil || ok {
				return b, err
			}
			continue
		}
		n, err := sys.Read(fd, c.read)
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
