//go:build !windows

package netpoll

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll/upgrade"
)

// Conn is one WebSocket connection: a slot of the slab, 120 bytes. An idle connection has nothing else.
//
// Only the loop that owns the connection may touch it, so only callbacks get a *Conn. They must not keep it: keep its
// [Handle].
type Conn struct {
	owner    atomic.Uint64 // see owner; stored last by take
	loop     *Loop
	fd       int32
	phase    phase
	endpoint uint8
	flags    flags
	dec      frame.Decoder
	out      *outbox     // bytes to send; nil when there are none
	tls      *tlsSession // nil on a plain connection
	aux      *aux        // state that few connections need at a time
	context  any
	topic    *topic    // the first topic
	topics   *[]*topic // all others
	heard    uint32    // tick of the last sign of life
	due      uint32    // tick by which the phase's deadline expires
	timer    uint32    // tick of the authoritative wheel entry
	partial  uint32    // tick at which the message in progress began; ending: at which the end began
	controls uint32    // open: control frames in tick started; ending: bytes discarded
	started  uint32    // open: a tick, see controls; before and after: when the phase began, see counters.go
}

type flags uint16

const (
	flagOpened    flags = 1 << iota // OnOpen was called
	flagNotified                    // OnClose was called
	flagDead                        // the socket failed: it is closed at the end of the turn
	flagDirty                       // in loop.dirty: has bytes for the end of the turn
	flagEnding                      // in loop.ending: advanceEnd follows at the end of the turn
	flagSlow                        // in the slow list of its topics
	flagArmed                       // EPOLLOUT is registered
	flagPaused                      // reading stopped until the backlog shrinks
	flagPinged                      // a ping is unanswered
	flagFINSent                     // FIN was sent
	flagPong                        // aux.pong waits for the backlog to drain
	flagPings                       // pings have begun
	flagDrops                       // droppable messages are dropped until the backlog has drained, see droppable.go
	flagNarrow                      // negotiated deflate with a limit of our window, see forms.go
	flagRemainder                   // bytes that were read wait to be handled, see remainder.go
	flagFull                        // OwnBacklog is above LowBacklog: OnDrain follows, see drain.go
)

func (c *Conn) has(f flags) bool { return c.flags&f != 0 }
func (c *Conn) set(f flags)      { c.flags |= f }
func (c *Conn) clear(f flags)    { c.flags &^= f }

// aux is state that few connections need at a time.
type aux struct {
	header   []byte // the part that has come of a request, a PROXY header or a ClientHello, see headermemory.go
	scan     upgrade.Scan
	closed   CloseEvent // once the connection is being closed
	acked    uint64     // bytes that the peer had acknowledged when the kernel was last asked, see progress.go
	pong     []byte     // the latest unanswered ping while an earlier pong cannot be written
	missed   []missed   // dropped messages that OnDropped has not reported yet
	dial     *dialAttempt
	decision *Decision // phaseDeciding
}

func (c *Conn) rare() *aux {
	if c.aux == nil {
		c.aux = new(aux)
	}
	return c.aux
}

// Handle names the connection for other goroutines and for later.
func (c *Conn) Handle() Handle { return makeHandle(c.fd, owner(c.owner.Load()).gen()) }

// Context returns what [Request.SetContext] or SetContext has stored.
func (c *Conn) Context() any { return c.context }

// SetContext stores v. A pointer costs no memory of its own, nor does a unique.Handle: what many
// connections have in common, like the name of a room, is best stored as one.
func (c *Conn) SetContext(v any) { c.context = v }

// RemoteAddr returns the address of the client: the one that a trusted proxy has named, with port 0 if the proxy named
// none; otherwise the address of the peer, which is the zero value at a Unix socket.
func (c *Conn) RemoteAddr() netip.AddrPort {
	return c.loop.engine.addrOf(c.fd)
}

// LocalAddr returns the address that the peer is connected to, as the kernel knows it; the zero value at a Unix socket. It is a
// system call. Only the loop may call it.
func (c *Conn) LocalAddr() netip.AddrPort {
	sa, err := unix.Getsockname(int(c.fd))
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPortOf(sa)
}

// TLS returns the state of the TLS session: version, cipher suite, the name that the client asked for, the certificates of the
// peer. It is nil on a connection without TLS. Each call makes a new copy. Only the loop may call it.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	state := c.tls.conn.ConnectionState()
	return &state
}

// Backlog returns the number of bytes that wait to be taken by the kernel.
func (c *Conn) Backlog() int {
	if c.out == nil {
		return 0
	}
	return c.out.size
}

// Inflated reports whether the message that OnMessage was called with was compressed. Such a message may be a thousand
// times as long as what the peer sent.
func (c *Conn) Inflated() bool { return c.loop.inflated }

// OwnBacklog returns the memory in bytes of the part of Backlog that no other connection waits for: messages that were
// sent to c, not those of its topics. A message counts until the kernel has taken all of it.
func (c *Conn) OwnBacklog() int {
	if c.out == nil {
		return 0
	}
	return c.out.own
}

func remoteAddr(fd int) netip.AddrPort {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return netip.AddrPort{}
	}
	return addrPortOf(sa)
}

func addrPortOf(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}

// memberOf reports whether c has joined t.
func (c *Conn) memberOf(t *topic) bool {
	return c.topic == t || c.topics != nil && slices.Contains(*c.topics, t)
}

func (c *Conn) addTopic(t *topic) {
	switch {
	case c.topic == nil:
		c.topic = t
	case c.topics == nil:
		c.topics = &[]*topic{t}
	default:
		*c.topics = append(*c.topics, t)
	}
}

func (c *Conn) removeTopic(t *topic) {
	if c.topic == t {
		c.topic = nil
		return
	}
	if i := slices.Index(*c.topics, t); i >= 0 {
		*c.topics = slices.Delete(*c.topics, i, i+1)
	}
	if len(*c.topics) == 0 {
		c.topics = nil
	}
}

// eachTopic calls f for every topic c has joined. f must not change the memberships.
func (c *Conn) eachTopic(f func(*topic)) {
	if c.topic != nil {
		f(c.topic)
	}
	if c.topics != nil {
		for _, t := range *c.topics {
			f(t)
		}
	}
}
