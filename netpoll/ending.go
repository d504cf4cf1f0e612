//go:build !windows

package netpoll

import gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"

// Bytes that a peer sends after the close frame or the last response are read and discarded. The kernel answers the
// close of a socket with unread bytes, and every byte that comes for a closed socket, with a reset (RFC 1122, 4.2.2.13).
// A reset discards bytes that have not left yet and can overtake those that have: the close frame or the response
// (RFC 9112, 9.6). So a socket is closed when the peer has sent its FIN, or when the time is over:
//
//   - while the peer's close frame is awaited frames are parsed, without their data (frame.Decoder.SkipData), but not
//     more than maxSkipped bytes of them;
//   - from our FIN on the bytes are not looked at, and not copied where the kernel supports it; after maxDiscarded
//     of them reading stops, and the peer's sends block;
//   - after CloseTimeout a peer that still sends, and has not acknowledged all that we sent, gets more time, endingFactor
//     times CloseTimeout altogether.

const (
	maxSkipped   = 1 << 20
	maxDiscarded = 1 << 30
	endingFactor = 5
)

// resetEndCounters starts the counters of closeDeadline and of the bytes that are discarded.
func (c *Conn) resetEndCounters() { c.partial, c.controls = c.loop.wheel.now, 0 }

// countSkipped counts bytes that came after our close frame.
func (l *Loop) countSkipped(c *Conn, n int) {
	if c.controls += uint32(n); c.closing() && c.controls > maxSkipped {
		l.startLinger(c)
	}
}

// discard is read for a connection that lingers.
func (l *Loop) discard(c *Conn, ev gnetpoll.IOEvent) (more bool) {
	n, err := recvDiscard(int(c.fd), l.readBuf)
	l.countReceived(c, n, err)
	if c.controls += uint32(n); c.discardLimitReached() {
		l.updateEvents(c)
	}
	return n == len(l.readBuf) || n > 0 && unread(ev)
}

// discardLimitReached reports whether so much has been discarded that c is not read any more.
func (c *Conn) discardLimitReached() bool {
	return c.lingering() && c.controls > c.loop.engine.maxDiscard
}

// closeDeadline judges a connection whose end takes longer than CloseTimeout. A peer that takes the bytes queued in
// front of the close frame has CloseTimeout for each further part of them, and MaxBacklogAge for all.
func (l *Loop) closeDeadline(c *Conn) {
	now := l.wheel.now
	wait := l.engine.ticksOf(l.engine.CloseTimeout)
	if c.out != nil && now < c.out.since+wait && l.elapsed(c) < l.endpointOf(c).MaxBacklogAge {
		l.schedule(c, c.out.since+wait)
		return
	}
	sends := c.heard+wait >= now || c.discardLimitReached()
	if sends && now-c.partial < endingFactor*wait && (c.out != nil || unacknowledged(int(c.fd)) > 0) {
		l.startCloseTimer(c)
		return
	}
	c.fail(cause("the closing handshake took too long"))
}
