//go:build !windows

package netpoll

import gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"

// What a peer still sends when there is nothing more to say to it is read and thrown away. The kernel answers the close
// of a socket with unread bytes, and every byte that comes for a closed one, with a reset (RFC 1122, 4.2.2.13); a reset
// takes back what has not left yet and can overtake what has: the close frame or the response that says why (RFC 9112,
// 9.6). So a socket is closed when the peer has sent its FIN, or when the time is over:
//
//   - while the peer's close frame is awaited frames are parsed, without their data (frame.Decoder.SkipData), but not
//     more than maxSkipped bytes of them;
//   - from our FIN on the bytes are not looked at, nor even copied where the kernel can do without; after maxDiscarded
//     of them reading stops, and the peer's sends block;
//   - after CloseTimeout a peer that still sends, and has not acknowledged all that we sent, gets more time, endingFactor
//     times CloseTimeout altogether.

const (
	maxSkipped   = 1 << 20
	maxDiscarded = 1 << 30
	endingFactor = 5
)

// resetEndCounters starts the counters of a connection's end.
func (c *Conn) resetEndCounters() { c.partial, c.controls = c.loop.wheel.now, 0 }

// skipped counts bytes that came after our close frame.
func (l *Loop) countSkipped(c *Conn, n int) {
	if c.controls += uint32(n); c.phase == phaseClosing && c.controls > maxSkipped {
		l.startLinger(c)
	}
}

// discard is read for a connection to which everything has been said.
func (l *Loop) discard(c *Conn, ev gnetpoll.IOEvent) (more bool) {
	n, err := recvDiscard(int(c.fd), l.readBuf)
	l.countReceived(c, n, err)
	if c.controls += uint32(n); c.discardLimitReached() {
		l.updateEvents(c)
	}
	return n == len(l.readBuf) || n > 0 && unread(ev)
}

// discardLimitReached reports whether c is not read any more.
func (c *Conn) discardLimitReached() bool {
	return c.phase == phaseLinger && c.controls > c.loop.server.maxDiscard
}

// endDeadline judges a connection whose end takes longer than CloseTimeout.
func (l *Loop) endDeadline(c *Conn) {
	now, wait := l.wheel.now, l.server.ticksOf(l.server.CloseTimeout)
	sends := c.heard+wait >= now || c.discardLimitReached()
	if sends && now-c.partial < endingFactor*wait && (c.out != nil || unacknowledged(int(c.fd)) > 0) {
		l.startCloseTimer(c)
		return
	}
	c.fail(cause("the closing handshake took too long"))
}
