//go:build linux

package process

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// inRooms dials and joins rooms of its own.
func inRooms(addr string, n, rooms int) (*peer, error) {
	p, err := dial(addr)
	if err != nil {
		return nil, err
	}
	var frame strings.Builder
	for r := range rooms {
		fmt.Fprintf(&frame, `{"id":%d,"subscribe":{"channel":"room-%d-%d"}}`+"\n", r+2, n, r)
	}
	if err := p.send(frame.String()); err != nil {
		return nil, err
	}
	in := 0
	for in < rooms {
		text, err := p.next()
		if err != nil {
			return nil, err
		}
		in += strings.Count(text, `"subscribe":{`)
		if strings.Contains(text, `"error"`) {
			return nil, fmt.Errorf("subscribe: %.200s", text)
		}
	}
	return p, nil
}

// probe publishes one message after the other until it is stopped, and measures the replies.
type probe struct {
	peer  *peer
	stop  chan struct{}
	ended chan error
	worst time.Duration
	asked int
}

func startProbe(p *peer, room string) *probe {
	c := &probe{peer: p, stop: make(chan struct{}), ended: make(chan error, 1)}
	go func() { c.ended <- c.run(room) }()
	return c
}

func (c *probe) run(room string) error {
	for {
		select {
		case <-c.stop:
			return nil
		case <-time.After(time.Millisecond):
		}
		began := time.Now()
		c.asked++
		if err := c.peer.send(fmt.Sprintf(`{"id":%d,"publish":{"channel":%q,"data":1}}`, c.asked+10, room)); err != nil {
			return err
		}
		text, err := c.peer.await(fmt.Sprintf(`{"id":%d,`, c.asked+10))
		if err != nil {
			return err
		}
		if strings.Contains(text, `"error"`) {
			return fmt.Errorf("publish %d after %v: %s", c.asked, time.Since(began), text)
		}
		c.worst = max(c.worst, time.Since(began))
	}
}

// Many connections, each in many rooms, are reset at once. Publishes of other clients are answered meanwhile, and the
// memory is freed.
func TestResetOfManyConnectionsDelaysNoPublish(t *testing.T) {
	conns, rooms := 1500, 128
	if testing.Short() {
		conns = 400
	}
	s, admin := startAdmin(t, "--max-loop-lag", "0s", "--shard-mailbox", "1024")
	c := startProbe(join(t, s.addr, "probe"), "probe")
	before := s.status("VmRSS:")
	peers := make([]*peer, conns)
	var all sync.WaitGroup
	gate := make(chan struct{}, 8) // within the mailbox
	for i := range peers {
		all.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			var err error
			if peers[i], err = inRooms(s.addr, i, rooms); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	full := s.status("VmRSS:")
	for _, p := range peers {
		_ = p.conn.(*net.TCPConn).SetLinger(0)
	}
	began := time.Now()
	for _, p := range peers {
		_ = p.conn.Close()
	}
	eventually(t, "the memberships end", func() bool { return metric(t, admin, "throng_room_members") == 1 })
	gone := time.Since(began)
	close(c.stop)
	if err := <-c.ended; err != nil {
		t.Error(err)
	}
	t.Logf("%d memberships ended in %v; of %d publishes the slowest took %v", conns*rooms, gone, c.asked, c.worst)
	after := 0
	eventually(t, "the memory is freed", func() bool {
		after = s.status("VmRSS:")
		return after < before+(full-before)/5
	})
	t.Logf("RSS before %d, with the crowd %d, after it %d KiB", before, full, after)
}
