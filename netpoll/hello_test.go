//go:build !windows

package netpoll

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// script is a connection with fixed input. wantMore is set if more is read before anything was written.
type script struct {
	net.Conn
	in       []byte
	out      []byte
	wantMore bool
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.in) == 0 {
		s.wantMore = s.wantMore || len(s.out) == 0
		return 0, io.EOF
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error)      { s.out = append(s.out, p...); return len(p), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// clientHello is the first flight of crypto/tls.
func clientHello() []byte {
	s := &script{}
	_ = tls.Client(s, clientTLS(0)).Handshake()
	return s.out
}

// records cuts a message into records of so many bytes.
func records(message []byte, size int) (b []byte) {
	for len(message) > 0 {
		n := min(size, len(message))
		b = append(b, 22, 3, 1)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
		b, message = append(b, message[:n]...), message[n:]
	}
	return b
}

// message is a ClientHello with a body of so many bytes.
func message(n int) []byte {
	return append([]byte{1, byte(n >> 16), byte(n >> 8), byte(n)}, make([]byte, n)...)
}

// TestParseHello: every prefix of a ClientHello needs more bytes, and bytes behind it are not looked at.
func TestParseHello(t *testing.T) {
	for _, hello := range [][]byte{
		clientHello(), records(message(0), 4), records(message(300), 1), records(message(300), 3), records(message(1000), 999),
		records(message(maxHello-recordHeader-messageHeader), maxRecord),
	} {
		for n := range hello {
			if got, err := parseHello(hello[:n]); got != 0 || err != nil {
				t.Fatalf("%d of %d bytes: %d, %v", n, len(hello), got, err)
			}
		}
		for _, more := range []string{"", "\x17", "GET /", string(hello)} {
			if n, err := parseHello(append(bytes.Clone(hello), more...)); n != len(hello) || err != nil {
				t.Errorf("%d bytes and %q: %d, %v", len(hello), more, n, err)
			}
		}
	}
}

// TestParseHelloRefuses: the last byte of each row is the offending one.
func TestParseHelloRefuses(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     helloError
	}{
		{"HTTP", "G", notTLS},
		{"an alert", "\x15", notTLS},
		{"SSL 2", "\x80", notTLS},
		{"version 2", "\x16\x02", helloVersion},
		{"an empty record", "\x16\x03\x01\x00\x00", helloNotOne},
		{"a long record", "\x16\x03\x01\x40\x01", helloBigRecord},
		{"another message", "\x16\x03\x01\x02\x00\x02", helloNotOne},
		{"a long message", "\x16\x03\x01\x02\x00\x01\x00\x40\x00", helloTooLong},
		{"a very long message", "\x16\x03\x01\x02\x00\x01\xff\xff\xff", helloTooLong},
		{"application data behind a part", "\x16\x03\x01\x00\x04\x01\x00\x00\x09\x17", helloNotOne},
		{"an empty record behind a part", "\x16\x03\x01\x00\x04\x01\x00\x00\x09\x16\x03\x01\x00\x00", helloNotOne},
	} {
		if n, err := parseHello([]byte(c.in)); n != 0 || err != c.want {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
		if n, err := parseHello([]byte(c.in[:len(c.in)-1])); n != 0 || err != nil {
			t.Errorf("%s, a byte before: %d, %v", c.name, n, err)
		}
	}
	if n, err := parseHello(records(message(maxHello/2), 1)[:maxHello]); n != 0 || err != helloTooLong {
		t.Errorf("many records: %d, %v", n, err)
	}
	if alert := helloNotOne.alert(); string(alert) != "\x15\x03\x01\x00\x02\x02\x0a" {
		t.Errorf("alert %x", alert)
	}
}

// FuzzHello compares with crypto/tls: it needs no more bytes where parseHello finds a whole ClientHello, and it refuses
// every input that parseHello refuses.
func FuzzHello(f *testing.F) {
	hello := clientHello()
	for _, seed := range [][]byte{
		hello, hello[:100], records(hello[recordHeader:], 100), records(hello[recordHeader:], 1)[:600], append(bytes.Clone(hello), "more"...),
		records(message(20), 4), []byte("\x15\x03\x01\x00\x02\x02\x0a"), []byte("GET / HTTP/1.1\r\n"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		n, err := parseHello(in)
		if n < 0 || n > len(in) || n > maxHello || n > 0 && err != nil || !bytes.Equal(in, before) {
			t.Fatalf("%d of %d, %v", n, len(in), err)
		}
		if n == 0 && err == nil && len(in) >= maxHello {
			t.Fatalf("more than %d bytes are wanted", len(in))
		}
		if n > 0 {
			if m, err := parseHello(in[:n-1]); m != 0 || err != nil {
				t.Fatalf("a byte less: %d, %v", m, err)
			}
		}
		s := &script{in: in}
		if n > 0 {
			s.in = in[:n]
		}
		_ = tls.Server(s, tlsConfig()).Handshake()
		if n > 0 && s.wantMore {
			t.Fatalf("crypto/tls wants more than %x", in[:n])
		}
		if err != nil && len(s.out) > 0 && s.out[0] == recordHandshake {
			t.Fatalf("%v, and crypto/tls answers %x", err, in)
		}
	})
}
