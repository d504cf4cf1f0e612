//go:build !windows

package netpoll

import "encoding/binary"

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

// helloError is why what a client sends cannot become a ClientHello: the alert that says so, or notTLS.
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

// alert is the record that tells the client (RFC 8446, section 6).
func (e helloError) alert() []byte {
	const fatal = 2
	return []byte{recordAlert, 3, 1, 0, 2, fatal, byte(e)}
}

// parseHello looks for a whole ClientHello at the start of b, all that was received so far. It may come in several
// records. n is the length of those that hold it; 0 means that more is needed. It refuses at the first byte that cannot
// be part of one; what the message says is for crypto/tls to judge.
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

// parseRecord returns what has come of the payload of the handshake record at the start of b, and whether that is all of
// it.
func parseRecord(b []byte) (payload []byte, whole bool, err error) {
	switch {
	case len(b) > 0 && b[0] != recordHandshake:
		return nil, false, notTLS
	case len(b) > 1 && b[1] != 3: // the minor version says nothing
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
