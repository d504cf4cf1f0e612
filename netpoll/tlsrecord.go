//go:build !windows

package netpoll

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// The records of a TLS session: from the socket to the phase of its connection, and from the outbox to the socket.

// recordSize is the most plaintext that goes into one record (RFC 8446, 5.1).
const recordSize = 16 << 10

// tlsScratch is what a loop needs to serve TLS.
type tlsScratch struct {
	plain  []byte // of one record, read
	record []byte // plaintext of one record, to be written
	cipher []byte // what crypto/tls has written
}

func newTLSScratch() *tlsScratch {
	return &tlsScratch{plain: make([]byte, recordSize), record: make([]byte, 0, recordSize)}
}

// decrypt hands the plaintext of b, which was read from the socket, to the phase of c.
func (l *Loop) decrypt(c *Conn, b []byte) {
	s, h := c.tls, c.Handle()
	s.wire.in, s.wire.out = b, l.tls.cipher[:0]
	for !c.lingering() {
		n, err := s.conn.Read(l.tls.plain)
		if n > 0 {
			l.dispatchPlain(c, l.tls.plain[:n])
			if !l.owns(h) {
				return // detached, or moved to another loop: neither c nor s is ours any more
			}
			if l.sliceUsed(n) || c.has(flagRemainder) {
				l.keepRemainder(c, nil, s.wire.in)
				break
			}
		}
		if err == nil {
			continue
		}
		s.wire.in = nil
		l.sendCiphertext(c) // an alert, or the answer to a key update
		if errors.Is(err, io.EOF) {
			c.failEOF(errTLSEnd)
		} else if err != error(errWouldBlock) {
			l.failTLS(c, err)
		}
		break
	}
	s.wire.in = nil
	s.trim()
}

// failTLS ends a session that cannot go on. If the fault is the peer's, an alert for it is on its way or pending, so a
// connection that was accepted lingers.
func (l *Loop) failTLS(c *Conn, err error) {
	row := c.row()
	if row.dial != "" {
		c.fail(err)
		return
	}
	if row.failed != nil {
		row.failed(c, err)
		l.startTiming(c)
	}
	if l.freeOutbox(c); c.owesCiphertext() {
		l.ensureOutbox(c)
		l.updateEvents(c)
	}
	l.startLinger(c)
}

// writeRecord sends the rest of the last record, then encrypts one record of c's outbox. It returns the number of bytes
// of plaintext that have left the outbox.
func (l *Loop) writeRecord(c *Conn) (int, error) {
	s := c.tls
	if len(s.pending) > 0 {
		n, err := send(int(c.fd), s.pending)
		l.counters.bytesOut.Add(int64(n))
		s.pending = s.pending[n:]
		if len(s.pending) > 0 || err != nil {
			return 0, orAgain(err)
		}
		s.pending = nil
	}
	record := l.tls.record[:0]
	l.vector = c.out.vector(l.vector[:0], 256)
	for _, b := range l.vector {
		record = append(record, b[:min(len(b), recordSize-len(record))]...)
	}
	clear(l.vector)
	if len(record) == 0 {
		return 0, nil
	}
	s.wire.out = l.tls.cipher[:0]
	if _, err := s.conn.Write(record); err != nil {
		return 0, err
	}
	return len(record), l.sendCiphertext(c)
}

// sendCiphertext sends the records that crypto/tls has written.
func (l *Loop) sendCiphertext(c *Conn) error {
	out := c.tls.wire.out
	c.tls.wire.out = nil
	if cap(out) <= 4*recordSize {
		l.tls.cipher = out[:0]
	}
	return l.transmit(c, out)
}

// transmit sends ciphertext behind the pending ciphertext, and keeps the bytes that the kernel does not take.
func (l *Loop) transmit(c *Conn, out []byte) error {
	s := c.tls
	if len(s.pending) > 0 {
		s.pending = append(s.pending, out...)
		return unix.EAGAIN
	}
	if len(out) == 0 {
		return nil
	}
	n, err := send(int(c.fd), out)
	l.counters.bytesOut.Add(int64(n))
	if n == len(out) {
		return nil
	}
	s.pending = bytes.Clone(out[n:])
	return orAgain(err)
}

func orAgain(err error) error {
	if err == nil || err == unix.EINTR {
		return unix.EAGAIN
	}
	return err
}

// closeNotify sends the alert that ends a session (RFC 8446, 6.1).
func (l *Loop) closeNotify(c *Conn) {
	if c.tls == nil || c.tls.handshake != nil {
		return
	}
	c.tls.wire.out = l.tls.cipher[:0]
	_ = c.tls.conn.CloseWrite()
	_ = l.sendCiphertext(c)
}
