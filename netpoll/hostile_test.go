//go:build !windows

package netpoll

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// TestHostileFrames sends the sequences that package frame refuses through a real socket, whole and byte by byte,
// beside a healthy connection. The table of all sequences is in package frame. This test checks the answer of the
// server: the close frame, the FIN, and no effect on the other connection.
func TestHostileFrames(t *testing.T) {
	rows := []struct {
		name  string
		bytes []byte
		code  uint16
	}{
		{"length with the top bit set", []byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 1002},
		{"length 2^62", []byte("\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00"), 1009},
		{"length 2^34", []byte("\x82\xff\x00\x00\x00\x04\x00\x00\x00\x00"), 1009},
		{"non-minimal length", []byte("\x82\xfe\x00\x05"), 1002},
		{"unmasked", []byte("\x81\x05hello"), 1002},
		{"RSV1 without deflate", []byte("\xc1\x80\x00\x00\x00\x00"), 1002},
		{"reserved opcode", []byte("\x83\x80\x00\x00\x00\x00"), 1002},
		{"ping with FIN=0", []byte("\x09\x80\x00\x00\x00\x00"), 1002},
		{"ping of 126 bytes", []byte("\x89\xfe\x00\x7e"), 1002},
		{"continuation without a start", []byte("\x80\x80\x00\x00\x00\x00"), 1002},
		{"data frame inside a message", []byte("\x01\x80\x00\x00\x00\x00\x81\x80\x00\x00\x00\x00"), 1002},
		{"close body of 1 byte", []byte("\x88\x81\x00\x00\x00\x00x"), 1002},
		{"close code 1005", []byte("\x88\x82\x00\x00\x00\x00\x03\xed"), 1002},
		{"close reason not UTF-8", []byte("\x88\x83\x00\x00\x00\x00\x03\xe8\xff"), 1007},
		{"text C0 80", []byte("\x81\x85\x00\x00\x00\x00\xc0"), 1007},
		{"empty fragments without end", append([]byte("\x01\x80\x00\x00\x00\x00"), bytes.Repeat([]byte("\x00\x80\x00\x00\x00\x00"), 1100)...), 1008},
		{"limit + 1", masked(frame.OpBinary, make([]byte, 1<<20+1)), 1009},
	}
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}})
	healthy := dial(t, s, "/")
	for _, row := range rows {
		for _, pieces := range []int{1, len(row.bytes)} {
			if pieces > 10_000 {
				continue
			}
			t.Run(fmt.Sprint(row.name, " in ", pieces), func(t *testing.T) {
				c := raw(t, s, "/", "")
				go func() {
					for chunk := range chunks(row.bytes, pieces) {
						if _, err := c.Write(chunk); err != nil {
							return // refused before its last byte, as it should be
						}
					}
				}()
				if code, before := expectClose(t, c); code != row.code || len(before) > 0 {
					t.Errorf("close code %d, want %d; %d frames before", code, row.code, len(before))
				}
				say(t, healthy, row.name)
				hear(t, healthy, row.name)
			})
		}
	}
}

func chunks(b []byte, pieces int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		size := (len(b) + pieces - 1) / pieces
		for len(b) > 0 {
			n := min(size, len(b))
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// TestHalfFramesOnManyConnections sends half a frame header on many connections, then nothing. They use little memory
// and are closed at the deadline.
func TestHalfFramesOnManyConnections(t *testing.T) {
	const n = 1000
	s := start(t, &Server{Loops: 2, MessageTimeout: 1500 * time.Millisecond, Endpoints: []Endpoint{echo()}})
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = raw(t, s, "/", "")
	}
	before := heap()
	for _, c := range conns {
		_, _ = c.Write([]byte{0x82, 0xfe, 0xff})
	}
	partial := func() int {
		total := 0
		for _, l := range s.engine.loops {
			count := make(chan int)
			l.Do(func() {
				n := 0
				s.engine.slab.each(l, func(c *Conn) {
					if c.dec.Partial() {
						n++
					}
				})
				count <- n
			})
			total += <-count
		}
		return total
	}
	eventually(t, "all headers have arrived", func() bool { return partial() == n })
	if grown := (int(heap()) - int(before)) / n; grown > 4<<10 {
		t.Errorf("%d bytes for each half header", grown)
	}
	for _, c := range conns {
		if code, _ := expectClose(t, c); code != 1008 {
			t.Fatalf("close code %d", code)
		}
		_ = c.Close()
	}
	eventually(t, "all are gone", func() bool { return s.NumConns() == 0 })
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestBombRefused sends 64 MiB of zeros, compressed: they are refused with 1009, and nothing of them is kept. TestBomb
// of test/process measures the peak, with gigabytes.
func TestBombRefused(t *testing.T) {
	e := echo()
	e.Compression = true
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{e}})
	var d frame.Deflater
	bomb := d.AppendFrame(nil, frame.OpBinary, make([]byte, 64<<20))
	h, err := ws.ReadHeader(bytes.NewReader(bomb))
	if err != nil || h.Length > 1<<20 {
		t.Fatalf("no bomb: %+v %v", h, err)
	}
	bomb = bomb[len(bomb)-int(h.Length):]
	c := raw(t, s, "/", "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n")
	before := heap()
	f := masked(frame.OpBinary, bomb)
	f[0] |= 0x40
	go func() { _, _ = c.Write(f) }()
	if code, _ := expectClose(t, c); code != 1009 {
		t.Errorf("close code %d", code)
	}
	if after := heap(); after > before+8<<20 {
		t.Errorf("the heap grew by %d bytes", after-before)
	}
}

// TestManyUpgradesAtOnce opens more connections at once than one accept batch takes.
func TestManyUpgradesAtOnce(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{echo()}})
	conns := make([]net.Conn, 500)
	for i := range conns {
		c, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = c.Write([]byte(request + string(masked(frame.OpText, []byte("first")))))
		conns[i] = c
	}
	for _, c := range conns {
		var got []byte
		for b := make([]byte, 512); !strings.HasSuffix(string(got), "first"); {
			n, err := c.Read(b)
			if err != nil {
				t.Fatalf("%v after %q", err, got)
			}
			got = append(got, b[:n]...)
		}
	}
}

// TestBoundsFollowTheSettings: small values of MaxFragments and MaxControls close a connection with 1008.
func TestBoundsFollowTheSettings(t *testing.T) {
	s := start(t, &Server{Loops: 1, Tick: time.Second, MaxFragments: 3, MaxControls: 2, Endpoints: []Endpoint{echo()}})
	fragments := []byte("\x01\x80\x00\x00\x00\x00" + strings.Repeat("\x00\x80\x00\x00\x00\x00", 3))
	pings := bytes.Repeat(masked(frame.OpPing, nil), 8) // in two ticks at most
	for name, b := range map[string][]byte{"fragments": fragments, "pings": pings} {
		c := raw(t, s, "/", "")
		_, _ = c.Write(b)
		if code, _ := expectClose(t, c); code != 1008 {
			t.Errorf("%s: close code %d", name, code)
		}
	}
}
