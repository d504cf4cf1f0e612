//go:build !windows

package netpoll

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
)

// member is a client of the model test, with the messages that it should get and those that it got.
type member struct {
	conn   net.Conn
	handle Handle
	topics map[string]bool
	form   form
	want   []string
	got    []string
	slow   bool
}

// read parses server frames, checks that each is whole, and stops after want frames. A slow
// member begins late, so that the server meets a full socket.
func (m *member) read(begin <-chan struct{}) error {
	if m.slow {
		<-begin
	}
	r := bufio.NewReader(m.conn)
	var d frame.Decoder
	d.EnableDeflate()
	cfg := &frame.Config{Client: true}
	for len(m.got) < len(m.want) {
		f, err := readFrame(r)
		if err != nil {
			return fmt.Errorf("after %d of %d frames: %w", len(m.got), len(m.want), err)
		}
		if f.Header.OpCode != ws.OpText || f.Header.Rsv1() != (m.form != formPlain) {
			return fmt.Errorf("frame %v after %d of %d", f.Header, len(m.got), len(m.want))
		}
		text, _, err := d.Next(frameBytes(f.Header.Rsv1(), f.Payload), cfg)
		if err != nil {
			return fmt.Errorf("after %d of %d frames: %w", len(m.got), len(m.want), err)
		}
		m.got = append(m.got, string(text.Payload[:bytes8(text.Payload)]))
	}
	return nil
}

// bytes8 is the length of the name in front of a padded payload.
func bytes8(p []byte) int { return slices.Index(append(p, ' '), ' ') }

// TestTopicsAgainstModel drives two topics with random joins, leaves and publishes in batches that are cut at random,
// with slices of a few sends and slow members, and checks that every member gets exactly the messages that were
// published during its membership, in order.
func TestTopicsAgainstModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { topicModel(t, rand.New(rand.NewPCG(seed, 1)), seed%3 == 2) })
	}
}

// offers are the headers with which a form is negotiated.
var offers = [numForms]string{
	formDeflated: "Sec-WebSocket-Extensions: permessage-deflate\r\n",
	formNarrow:   "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n",
}

func topicModel(t *testing.T, rnd *rand.Rand, secure bool) {
	opened := make(chan Handle, 1)
	s := &Server{Loops: 1, engine: engine{sliceSends: 1 + rnd.IntN(9)}, CompressMin: 1, Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30, PingInterval: -1, Compression: true,
		OnOpen: func(c *Conn) {
			_ = unix.SetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 16<<10)
			opened <- c.Handle()
		},
	}}}
	if secure {
		s.TLS = tlsConfig()
	}
	start(t, s)
	members := make([]*member, 24)
	for i := range members {
		m := &member{topics: map[string]bool{}, slow: i%5 == 4, form: form(i % int(numForms))}
		m.conn = raw(t, s, "/", offers[m.form])
		m.handle = <-opened
		members[i] = m
	}
	names := []string{"a", "b"}
	pad := strings.Repeat(" ", rnd.IntN(6_000))
	l := s.Loop(0)
	begin := make(chan struct{})
	batch, number := l.NewBatch(), 0
	next := func(kind string) (string, *Buffer) {
		number++
		name := fmt.Sprint(kind, number)
		return name, NewBuffer(frame.OpText, []byte(name+pad))
	}
	for range 600 {
		m, topic := members[rnd.IntN(len(members))], names[rnd.IntN(2)]
		switch rnd.IntN(7) {
		case 0:
			if name, buf := next("join"); !m.topics[topic] {
				batch.Subscribe(m.handle, topic, buf)
				m.topics[topic], m.want = true, append(m.want, name)
			}
		case 1:
			if name, buf := next("leave"); m.topics[topic] {
				batch.Unsubscribe(m.handle, topic, buf)
				m.want = append(m.want, name)
				delete(m.topics, topic)
			}
		case 2: // a piggybacked reply, whether m is a member or not, and whether something is pending or not
			name, buf := next("answer")
			batch.SendWithNext(m.handle, topic, buf)
			m.want = append(m.want, name)
		default:
			name, buf := next("pub-" + topic + "-")
			batch.Publish(topic, buf)
			for _, m := range members {
				if m.topics[topic] {
					m.want = append(m.want, name)
				}
			}
		}
		if rnd.IntN(4) == 0 {
			l.Post(batch)
			batch = l.NewBatch()
		}
		if rnd.IntN(100) == 0 {
			time.Sleep(time.Millisecond) // lets some broadcasts end in between
		}
	}
	l.Post(batch)
	var all sync.WaitGroup
	for i, m := range members {
		all.Go(func() {
			if err := m.read(begin); err != nil {
				t.Errorf("member %d: %v", i, err)
			}
		})
	}
	time.AfterFunc(20*time.Millisecond, func() { close(begin) })
	all.Wait()
	for i, m := range members {
		m.compare(t, i, names)
	}
	eventually(t, "nothing is queued", func() bool { return l.QueuedBytes() == 0 })
	for _, m := range members {
		_ = m.conn.Close()
	}
	eventually(t, "topics are freed", func() bool {
		n := make(chan int)
		l.Do(func() { n <- len(l.fanout.topics) })
		return <-n == 0
	})
}

// compare checks order within each topic and of the replies (joins and leaves) against the
// messages of their topic; between topics no order is promised.
func (m *member) compare(t *testing.T, i int, names []string) {
	a, b := slices.Clone(m.want), slices.Clone(m.got)
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		t.Fatalf("member %d (slow: %v) got another set of messages than it should:\nwant %v\ngot  %v", i, m.slow, m.want, m.got)
	}
	for k, other := range names {
		drop := func(s string) bool { return strings.HasPrefix(s, "pub-"+other) }
		want, got := slices.DeleteFunc(slices.Clone(m.want), drop), slices.DeleteFunc(slices.Clone(m.got), drop)
		onlyPubs := func(s string) bool { return !strings.HasPrefix(s, "pub") }
		if w, g := slices.DeleteFunc(want, onlyPubs), slices.DeleteFunc(got, onlyPubs); !slices.Equal(w, g) {
			t.Fatalf("member %d, topic %s: order differs", i, names[1-k])
		}
	}
}

// TestPublishersOfOneLoopSeeOneOrder checks the total order within one loop, with several publishers.
func TestPublishersOfOneLoopSeeOneOrder(t *testing.T) {
	for _, loops := range []int{1, 2} {
		t.Run(fmt.Sprint(loops, " loops"), func(t *testing.T) {
			s := start(t, &Server{Loops: loops, Endpoints: []Endpoint{{
				OnOpen:    func(c *Conn) { c.Subscribe("room"); c.Send(frame.OpText, []byte("hello")) },
				OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Publish("room", NewBuffer(op, p)) },
			}}})
			const people, each = 10, 50
			conns := make([]*websocket.Conn, people)
			for i := range conns {
				conns[i] = dial(t, s, "/")
				hear(t, conns[i], "hello")
			}
			var all sync.WaitGroup
			for i, c := range conns {
				all.Go(func() {
					for k := range each {
						say(t, c, fmt.Sprintf("%d %d", i, k))
					}
				})
				all.Go(func() {
					last := make([]int, people)
					for range people * each {
						_, p, err := c.Read(testCtx(t))
						var who, k int
						if _, e := fmt.Sscanf(string(p), "%d %d", &who, &k); err != nil || e != nil || k != last[who] {
							t.Errorf("%q, want number %d (%v)", p, last[who], err)
							return
						}
						last[who]++
					}
				})
			}
			all.Wait()
		})
	}
}

// TestBroadcastNeverReachesReusedDescriptor closes members in the middle of broadcasts while another loop takes
// over their descriptor numbers: a new connection, which never joined, must get nothing.
func TestBroadcastNeverReachesReusedDescriptor(t *testing.T) {
	s := start(t, &Server{Loops: 2, engine: engine{sliceSends: 4}, Endpoints: []Endpoint{
		{Path: "/member", OnOpen: func(c *Conn) { c.Subscribe("room") }},
		{Path: "/guest", OnMessage: func(c *Conn, op frame.Op, p []byte) { c.Send(op, p) }},
	}})
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		buf := NewBuffer(frame.OpText, []byte("members only"))
		for {
			select {
			case <-stop:
				return
			default:
				s.Publish("room", buf)
				time.Sleep(50 * time.Microsecond)
			}
		}
	})
	for range 4 {
		all.Go(func() {
			for range 60 {
				m := raw(t, s, "/member", "")
				_ = m.(*net.TCPConn).SetLinger(0)
				_ = m.Close()
				g := dial(t, s, "/guest")
				say(t, g, "ping")
				hear(t, g, "ping")
				_ = g.CloseNow()
			}
		})
	}
	time.AfterFunc(2*time.Second, func() { close(stop) })
	all.Wait()
}

// TestTopicWithAndWithoutDeflate mixes members with and without permessage-deflate in one topic.
func TestTopicWithAndWithoutDeflate(t *testing.T) {
	s := start(t, &Server{Loops: 1, CompressMin: 64, Endpoints: []Endpoint{{
		Compression: true,
		OnOpen:      func(c *Conn) { c.Subscribe("room"); c.Send(frame.OpText, []byte("hello")) },
		OnMessage:   func(c *Conn, op frame.Op, p []byte) { c.Publish("room", NewBuffer(op, p)) },
	}}})
	var conns []*websocket.Conn
	modes := []websocket.CompressionMode{websocket.CompressionNoContextTakeover, websocket.CompressionDisabled, websocket.CompressionContextTakeover}
	for i := range 6 {
		mode := modes[i%len(modes)]
		c, _, err := websocket.Dial(testCtx(t), s.url("/"), &websocket.DialOptions{CompressionMode: mode, CompressionThreshold: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		hear(t, c, "hello")
		conns = append(conns, c)
	}
	for _, text := range []string{"short", strings.Repeat("long ", 1000), "again"} {
		say(t, conns[0], text)
		say(t, conns[0], text+"2")
		for _, c := range conns {
			hear(t, c, text)
			hear(t, c, text+"2")
		}
	}
}
