package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// perPair is how many connections one pair of addresses gets: past half of the port range the
// kernel searches longer and longer for a free port.
const perPair = 29_500

const room = "million"

// What is always said is encoded once. All use one masking key; see netpoll.Conn.SendRaw.
var (
	hello   = masked(`{"id":1,"connect":{}}` + "\n" + `{"id":2,"subscribe":{"channel":"` + room + `"}}`)
	pong    = masked(`{}`)
	message = masked(`{"id":3,"publish":{"channel":"` + room + `","data":"everybody"}}`)
)

func masked(text string) []byte {
	return frame.AppendMaskedFrame(nil, frame.OpText, []byte(text), [4]byte{0x5a, 0xc3, 0x96, 0x3c})
}

// member is what is known of one connection; only its loop writes it.
type member struct {
	index  int32
	joined bool
	round  uint8 // of its last ping
	got    uint8 // messages
}

// crowd is all connections.
type crowd struct {
	options options
	client  netpoll.Client
	members []member
	dialers []netpoll.Dialer

	dialed atomic.Int64
	joined atomic.Int64
	pings  atomic.Int64
	got    atomic.Int64
	acked  atomic.Bool
	round  atomic.Uint32   // of pings
	pinged [2]atomic.Int64 // members who had a ping in this round, and in the last

	first atomic.Pointer[netpoll.Conn] // who publishes; used on its loop only

	mu      sync.Mutex
	faults  map[string]int // what went wrong, and how often
	retries map[string]int // why some were dialed once more
}

func newCrowd(o options) (*crowd, error) {
	c := &crowd{options: o, members: make([]member, o.connections), faults: map[string]int{}, retries: map[string]int{}}
	for i := range (o.connections + perPair - 1) / perPair {
		c.dialers = append(c.dialers, dialerOf(i, o))
	}
	c.client = netpoll.Client{
		Endpoint:    netpoll.Endpoint{OnOpen: c.opened, OnMessage: c.heard, OnClose: c.closed},
		OnDialError: func(e *netpoll.DialError) { c.again(e.Context.(*member), e.Err.Error()) },
		MaxDials:    o.inFlight,
	}
	return c, c.client.Start()
}

// dialerOf is the i-th pair of addresses: 127.1.x.y to 127.2.x.y.
func dialerOf(i int, o options) netpoll.Dialer {
	high, low := byte(i/250), byte(i%250+1)
	return netpoll.Dialer{
		Addr:  netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 2, high, low}), uint16(o.port)),
		Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, high, low}), 0),
		Path:  "/connection/websocket",
		Host:  "million", // any: there is no Origin

		ConnectTimeout: o.patience, UpgradeTimeout: o.patience,
	}
}

// start opens the first connections; each that is in opens the next.
func (c *crowd) start() {
	for range c.options.inFlight {
		c.dialNext()
	}
}

func (c *crowd) dialNext() {
	if i := int(c.dialed.Add(1) - 1); i < len(c.members) {
		c.members[i].index = int32(i)
		c.dial(&c.members[i])
	}
}

func (c *crowd) dial(m *member) {
	if err := c.client.Dial(&c.dialers[m.index/perPair], m); err != nil && !errors.Is(err, netpoll.ErrClientClosed) {
		c.fault(err.Error())
	}
}

// again dials once more for a member that did not get in, after a second.
func (c *crowd) again(m *member, why string) {
	c.note(c.retries, why)
	time.AfterFunc(time.Second, func() { c.dial(m) })
}

func (c *crowd) opened(conn *netpoll.Conn) {
	if conn.Context() == &c.members[0] {
		c.first.Store(conn)
	}
	conn.SendRaw(hello)
}

func (c *crowd) heard(conn *netpoll.Conn, _ frame.Op, p []byte) {
	m := conn.Context().(*member)
	if string(p) == "{}" {
		conn.SendRaw(pong)
		c.pinging(m)
		return
	}
	for line := range bytes.Lines(p) {
		c.line(m, line)
	}
}

func (c *crowd) pinging(m *member) {
	c.pings.Add(1)
	if round := c.round.Load(); m.round != uint8(round) {
		m.round = uint8(round)
		c.pinged[round%2].Add(1)
	}
}

// newRound begins to count anew who has had a ping.
func (c *crowd) newRound() {
	next := c.round.Load() + 1
	c.pinged[next%2].Store(0)
	c.round.Store(next)
}

func (c *crowd) inRound() int64 { return c.pinged[c.round.Load()%2].Load() }

// line is one reply or push.
func (c *crowd) line(m *member, line []byte) {
	switch {
	case bytes.HasPrefix(line, []byte(`{"push":`)):
		if m.got++; m.got > 1 {
			c.fault("a message came twice")
		}
		c.got.Add(1)
	case bytes.Contains(line, []byte(`"error":`)):
		c.fault(string(line))
	case bytes.HasPrefix(line, []byte(`{"id":2,"subscribe":`)):
		m.joined = true
		c.joined.Add(1)
		c.dialNext()
	case bytes.HasPrefix(line, []byte(`{"id":3,"publish":`)):
		c.acked.Store(true)
	}
}

func (c *crowd) closed(conn *netpoll.Conn, code frame.CloseCode, reason string) {
	m, why := conn.Context().(*member), fmt.Sprintf("closed with %d %s", code, reason)
	if !m.joined {
		c.again(m, why)
		return
	}
	c.joined.Add(-1)
	c.fault(why)
}

// publish has the first member send the message.
func (c *crowd) publish() {
	if conn := c.first.Load(); conn != nil {
		conn.Loop().Do(func() { conn.SendRaw(message) })
	}
}

func (c *crowd) fault(what string) { c.note(c.faults, what) }

// note counts what happened, by its words.
func (c *crowd) note(in map[string]int, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(in) < 50 || in[what] > 0 {
		in[what]++
	}
}

// noted is what happened so far.
func (c *crowd) noted(in map[string]int) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(in)
}
