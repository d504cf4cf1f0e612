//go:build !windows

package netpoll

import (
	"encoding/binary"
	"errors"

	"github.com/throngd/throng/netpoll/upgrade"
)

// maxHello bounds the ClientHello in bytes, the headers of its records included. Browsers send 500 to 2,000; a session
// ticket that carries certificates adds some thousand.
const maxHello = 16 << 10

// TLS on the wire (RFC 8446, sections 4, 5.1 and 6).
const (
	recordHeader    = 5 // type, version, length
	recordAlert     = 21
	recordHandshake = 22
	maxRecord       = 16 << 10
	messageHeader   = 4 // type, length
	messageHello    = 1
)

// helloError is the TLS alert for bytes that cannot become a ClientHello, or notTLS.
type helloError uint8

const (
	notTLS         helloError = 0
	helloNotOne    helloError = 10 // unexpected_message
	helloBigRecord helloError = 22 // record_overflow
	helloTooLong   helloError = 50 // decode_error
	helloVersion   helloError = 70 // protocol_version
)

func (e helloError) Error() string {
	if e == notTLS {
		return "not a TLS handshake"
	}
	return "malformed ClientHello"
}

// alert returns the record that tells the client (RFC 8446, section 6).
func (e helloError) alert() []byte {
	const fatal = 2
	return []byte{recordAlert, 3, 1, 0, 2, fatal, byte(e)}
}

// parseHello looks for a whole ClientHello at the start of b, all that was received so far. A ClientHello may come in
// several records; n is their length, and 0 means that more is needed. parseHello fails at the first byte that cannot be
// part of a ClientHello. It does not look at the content, which crypto/tls parses.
func parseHello(b []byte) (n int, err error) {
	var head [messageHeader]byte
	got, need := 0, messageHeader // bytes of the message
	for got < need {
		payload, whole, err := parseRecord(b[n:])
		if err == notTLS && n > 0 {
			err = helloNotOne
		}
		if err != nil {
			return 0, err
		}
		if got < messageHeader {
			copy(head[got:], payload)
		}
		got += len(payload)
		if got > 0 && head[0] != messageHello {
			return 0, helloNotOne
		}
		if got >= messageHeader {
			need = messageHeader + (int(head[1])<<16 | int(head[2])<<8 | int(head[3]))
		}
		n += recordHeader + len(payload)
		if need > maxHello-recordHeader || n > maxHello || !whole && len(b) >= maxHello {
			return 0, helloTooLong
		}
		if !whole {
			return 0, nil
		}
	}
	return n, nil
}

// parseRecord returns the part of the payload that has come of the handshake record at the start of b, and whether it is
// complete.
func parseRecord(b []byte) (payload []byte, whole bool, err error) {
	switch {
	case len(b) > 0 && b[0] != recordHandshake:
		return nil, false, notTLS
	case len(b) > 1 && b[1] != 3: // the minor version is not checked
		return nil, false, helloVersion
	case len(b) < recordHeader:
		return nil, false, nil
	}
	size := int(binary.BigEndian.Uint16(b[3:]))
	switch {
	case size == 0: // section 5.1: never of a handshake
		return nil, false, helloNotOne
	case size > maxRecord:
		return nil, false, helloBigRecord
	}
	payload = b[recordHeader:min(len(b), recordHeader+size)]
	return payload, len(payload) == size, nil
}

// readHello collects the ClientHello. The TLS session, which is expensive, is made when the ClientHello is complete.
func (l *Loop) readHello(c *Conn, b []byte) {
	if c.aux != nil {
		if !l.keep(c, b) {
			return
		}
		b = c.aux.header
	}
	n, err := parseHello(b)
	if n == 0 && err == nil {
		if c.aux == nil {
			l.keep(c, b)
		}
		return
	}
	kept := c.takeHeader() // b may lie in it
	defer l.engine.headers.release(kept)
	c.aux = nil
	if err != nil {
		l.rejectHello(c, b[0], err)
		return
	}
	l.startTLS(c, b)
}

// helloTimeout ends a connection whose ClientHello has not come whole within HelloTimeout.
func (l *Loop) helloTimeout(c *Conn) {
	l.counters.limits.helloTimeout.Add(1)
	c.fail(cause("the ClientHello took too long"))
}

// rejectHello ends a connection that does not begin with a ClientHello. A peer that may speak HTTP gets a response, one
// that may speak TLS an alert.
func (l *Loop) rejectHello(c *Conn, first byte, err error) {
	var e helloError
	switch isTLS := errors.As(err, &e) && e != notTLS; {
	case isTLS:
		l.queueBytes(c, e.alert())
		l.startLinger(c)
	case first >= 'A' && first <= 'Z':
		l.refuse(c, upgrade.BadRequest("this port speaks TLS: use https:// or wss://"))
	default:
		c.fail(err)
	}
}
