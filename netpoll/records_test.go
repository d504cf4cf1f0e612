//go:build !windows

package netpoll

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// recordCounter counts the TLS records of application data in what is read through it.
type recordCounter struct {
	net.Conn
	rest []byte // the beginning of a record that has not come whole
	data int
}

func (r *recordCounter) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.rest = append(r.rest, p[:n]...)
	for len(r.rest) >= 5 {
		end := 5 + int(binary.BigEndian.Uint16(r.rest[3:])) // RFC 8446, 5.1
		if len(r.rest) < end {
			break
		}
		if r.rest[0] == 23 {
			r.data++
		}
		r.rest = r.rest[end:]
	}
	return n, err
}

// secureMember is a TLS member of the room to which first bytes were sent, and which has read them.
func secureMember(t *testing.T, s *Server, version uint16, first int) (*recordCounter, *bufio.Reader) {
	t.Helper()
	tcp, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tcp.Close() })
	_ = tcp.SetDeadline(time.Now().Add(patience))
	counter := &recordCounter{Conn: tcp}
	c := tls.Client(counter, clientTLS(version))
	if _, err := c.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for line := ""; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := readFrame(r); err != nil || len(f.Payload) != first {
		t.Fatalf("the first message: %d bytes, %v", len(f.Payload), err)
	}
	return counter, r
}

// TestBroadcastCoalescesIntoRecords publishes many small messages in one turn: each TLS member
// gets them in as few records as they fit into, not in one each. crypto/tls begins a connection
// with small records and lets them grow over its first 128 KiB (maxPayloadSizeForWrite), so a
// new member has some more.
func TestBroadcastCoalescesIntoRecords(t *testing.T) {
	const members, n = 3, 2000
	for _, row := range []struct {
		name    string
		version uint16
		first   int // bytes that a member has been sent before
		growing int // records that may come besides
	}{
		{"TLS 1.3", tls.VersionTLS13, 256 << 10, 0},
		{"TLS 1.2", tls.VersionTLS12, 256 << 10, 0},
		{"TLS 1.3, new", tls.VersionTLS13, 5, 14},
	} {
		t.Run(row.name, func(t *testing.T) {
			first := bytes.Repeat([]byte("x"), row.first)
			s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{{
				MaxBacklog: 1 << 30, PingInterval: -1,
				OnOpen: func(c *Conn) { c.Subscribe("room"); c.Send(frame.OpText, first) },
			}}})
			var counters [members]*recordCounter
			var readers [members]*bufio.Reader
			for i := range members {
				counters[i], readers[i] = secureMember(t, s, row.version, row.first)
				counters[i].data = 0
			}
			batch, pad, size := s.Loop(0).NewBatch(), strings.Repeat(" ", 95), 0
			for i := range n {
				b := text(fmt.Sprintf("%04d%s", i, pad))
				batch.Publish("room", b)
				size += b.Len()
			}
			s.Loop(0).Post(batch)
			want := (size + recordSize - 1) / recordSize
			for m, r := range readers {
				for i := range n {
					f, err := readFrame(r)
					if err != nil || string(f.Payload) != fmt.Sprintf("%04d%s", i, pad) {
						t.Fatalf("member %d, message %d: %.40q, %v", m, i, f.Payload, err)
					}
				}
				if got := counters[m].data; got < want || got > want+row.growing {
					t.Errorf("member %d: %d records for %d messages of %d bytes together, want %d and at most %d more", m, got, n, size, want, row.growing)
				} else if m == 0 {
					t.Logf("%d messages, %d bytes: %d records", n, size, got)
				}
			}
		})
	}
}
