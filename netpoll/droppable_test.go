//go:build !windows

package netpoll

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// lossy is a client of the model test, with the messages that it should get of each topic and all that it got.
type lossy struct {
	conn   net.Conn
	handle Handle
	slow   bool
	joined map[string]bool
	pubs   map[string][]string // droppable messages, by topic
	sure   map[string][]string // messages that must not be dropped, by topic
	got    []string
}

// read parses frames until "end"; a slow client sleeps after some of them.
func (m *lossy) read(rnd *rand.Rand) error {
	r := bufio.NewReaderSize(m.conn, 4<<10)
	for {
		f, err := readFrame(r)
		if err != nil {
			return fmt.Errorf("after %d frames: %w", len(m.got), err)
		}
		name := string(f.Payload[:bytes8(f.Payload)])
		m.got = append(m.got, name)
		if name == "end" {
			return nil
		}
		if m.slow && rnd.IntN(40) == 0 {
			time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond)
		}
	}
}

// check verifies the received messages: every droppable message is the next one of its topic, and a notice stands
// exactly where its n messages are missing. It returns the number of those.
func (m *lossy) check() (missing int, err error) {
	for _, name := range m.got {
		var topic string
		var n int
		switch _, e := fmt.Sscanf(name, "dropped-%1s-%d", &topic, &n); {
		case e == nil:
			if n < 1 || n > len(m.pubs[topic]) {
				return 0, fmt.Errorf("%s, but %d were to come", name, len(m.pubs[topic]))
			}
			m.pubs[topic] = m.pubs[topic][n:]
			missing += n
		case strings.HasPrefix(name, "pub-"):
			topic = name[4:5]
			if len(m.pubs[topic]) == 0 || m.pubs[topic][0] != name {
				return 0, fmt.Errorf("%s came instead of %.1v", name, m.pubs[topic])
			}
			m.pubs[topic] = m.pubs[topic][1:]
		case name != "end":
			_, rest, _ := strings.Cut(name, "-")
			topic = rest[:1]
			if len(m.sure[topic]) == 0 || m.sure[topic][0] != name {
				return 0, fmt.Errorf("%s came instead of %.1v", name, m.sure[topic])
			}
			m.sure[topic] = m.sure[topic][1:]
		}
	}
	if len(m.sure["a"])+len(m.sure["b"])+len(m.pubs["a"])+len(m.pubs["b"]) > 0 {
		return 0, fmt.Errorf("never came: %v %v", m.sure, m.pubs)
	}
	return missing, nil
}

// TestDropsAgainstModel publishes droppable and other messages, joins and leaves at random,
// with readers that are too slow: they see whole frames, in order, and every gap is announced
// at its place with its exact size.
func TestDropsAgainstModel(t *testing.T) {
	dropped := 0
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dropped += dropModel(t, rand.New(rand.NewPCG(seed, 2)), seed%3 == 2)
		})
	}
	if t.Logf("%d messages were dropped", dropped); dropped == 0 && !t.Failed() {
		t.Error("nothing was dropped: the test shows nothing")
	}
}

func dropModel(t *testing.T, rnd *rand.Rand, secure bool) (dropped int) {
	opened := make(chan Handle, 1)
	s := &Server{Loops: 1, engine: engine{sliceSends: 1 + rnd.IntN(9)}, Endpoints: []Endpoint{{
		MaxBacklog: 512 << 10, PingInterval: -1,
		OnOpen: func(c *Conn) {
			_ = unix.SetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10)
			opened <- c.Handle()
		},
		OnDropped: func(c *Conn, topic string, n int) {
			c.Send(frame.OpText, fmt.Appendf(nil, "dropped-%s-%d", topic, n))
		},
	}}}
	if secure {
		s.TLS = tlsConfig()
	}
	start(t, s)
	members := make([]*lossy, 12)
	var all sync.WaitGroup
	for i := range members {
		m := &lossy{conn: raw(t, s, "/", ""), slow: i%4 == 3, joined: map[string]bool{}, pubs: map[string][]string{}, sure: map[string][]string{}}
		if tcp, ok := m.conn.(*net.TCPConn); ok && m.slow {
			_ = tcp.SetReadBuffer(8 << 10)
		}
		_ = m.conn.SetDeadline(time.Now().Add(3 * patience))
		m.handle = <-opened
		members[i] = m
		naps := rand.New(rand.NewPCG(uint64(i), 3))
		all.Go(func() {
			if err := m.read(naps); err != nil {
				t.Errorf("member %d: %v", i, err)
			}
		})
	}
	driveDrops(t, s.Loop(0), rnd, members)
	all.Wait()
	for i, m := range members {
		n, err := m.check()
		if err != nil {
			t.Errorf("member %d (slow: %v): %v", i, m.slow, err)
		}
		dropped += n
	}
	return dropped
}

func driveDrops(t *testing.T, l *Loop, rnd *rand.Rand, members []*lossy) {
	batch, pad := l.NewBatch(), strings.Repeat(" ", 6_000)
	note := func(m *lossy, kind, topic string, n int) *Buffer {
		name := fmt.Sprint(kind, "-", topic, "-", n)
		m.sure[topic] = append(m.sure[topic], name)
		return NewBuffer(frame.OpText, []byte(name))
	}
	for n := range 1000 {
		m, topic := members[rnd.IntN(len(members))], string("ab"[rnd.IntN(2)])
		switch k := rnd.IntN(20); {
		case n < 2*len(members) || k < 2:
			if n < 2*len(members) {
				m, topic = members[n/2], string("ab"[n%2])
			}
			if !m.joined[topic] {
				m.joined[topic] = true
				batch.Subscribe(m.handle, topic, note(m, "join", topic, n))
			}
		case k == 2 && m.joined[topic]:
			delete(m.joined, topic)
			batch.Unsubscribe(m.handle, topic, note(m, "leave", topic, n))
		case k == 3:
			name := fmt.Sprint("keep-", topic, "-", n)
			batch.Publish(topic, NewBuffer(frame.OpText, []byte(name)))
			for _, m := range members {
				if m.joined[topic] {
					m.sure[topic] = append(m.sure[topic], name)
				}
			}
		default:
			name := fmt.Sprint("pub-", topic, "-", n)
			batch.Publish(topic, NewBuffer(frame.OpText, []byte(name+pad)).Droppable())
			for _, m := range members {
				if m.joined[topic] {
					m.pubs[topic] = append(m.pubs[topic], name)
				}
			}
		}
		if rnd.IntN(4) == 0 {
			l.Post(batch)
			batch = l.NewBatch()
			if rnd.IntN(5) == 0 {
				eventually(t, "the topics are handed out", func() bool { return l.QueuedBytes() == 0 })
			}
		}
	}
	for _, m := range members {
		for topic := range m.joined {
			batch.Unsubscribe(m.handle, topic, nil)
		}
		batch.Send(m.handle, NewBuffer(frame.OpText, []byte("end")))
	}
	l.Post(batch)
}
