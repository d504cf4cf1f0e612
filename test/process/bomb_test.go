//go:build linux

package process

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

const (
	bombs    = 16      // connections that send one each, all at the same time
	inflated = 1 << 30 // bytes of zeros in a bomb
	bombMax  = 1 << 20 // --max-message; a deflated gigabyte of zeros is just below it
)

// A gigabyte of zeros deflates to less than a mebibyte. Many connections send such a message at once. Each
// is closed with 1009, and the peak of the server's resident memory shows that no message was inflated
// beyond the limit.
func TestDeflateBombIsRefused(t *testing.T) {
	bomb := deflateBomb(t)
	s := start(t, nil, "--compression", "--max-message", fmt.Sprint(bombMax))
	peers := make([]*peer, bombs)
	for i := range peers {
		peers[i] = dialDeflate(t, s.addr)
	}
	witness := join(t, s.addr, "witness")
	s.resetPeak()
	before := s.peak()
	results := make(chan error, bombs)
	for _, p := range peers {
		go func() { results <- p.sendBomb(bomb) }()
	}
	for range peers {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	// For each connection the compressed message and what was inflated of it, and the smaller buffers
	// that these grew from, which are garbage.
	grown, bound := s.peak()-before, bombs*6*bombMax>>10
	t.Logf("%d bombs of %d MiB, %d bytes on the wire: VmHWM %d MiB, was %d MiB: %d MiB more, the bound is %d MiB; inflated whole they are %d MiB",
		bombs, inflated>>20, len(bomb), s.peak()>>10, before>>10, grown>>10, bound>>10, bombs*inflated>>20)
	if grown > bound {
		t.Errorf("peak memory grew by %d KiB, more than %d", grown, bound)
	}
	if _, err := witness.subscribe("another", "", 0); err != nil {
		t.Errorf("the connection that sent no bomb: %v", err)
	}
}

// deflateBomb returns the frame of a bomb. Deflated zeros repeat, so that one part is deflated and
// copied.
func deflateBomb(t *testing.T) []byte {
	t.Helper()
	const part = inflated / 16
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, part)
	_, _ = w.Write(zeros) // to memory: cannot fail
	_ = w.Flush()
	first := deflated.Len()
	_, _ = w.Write(zeros)
	_ = w.Flush()
	again := bytes.Clone(deflated.Bytes()[first:])
	for deflated.Len()+len(again) <= first+15*len(again) {
		deflated.Write(again)
	}
	payload := deflated.Bytes()
	if n, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(payload))); n != inflated || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("not a bomb: it inflates to %d bytes (%v)", n, err)
	}
	f := frame.AppendMaskedFrame(nil, frame.OpText, bytes.TrimSuffix(payload, []byte("\x00\x00\xff\xff")), [4]byte{1, 2, 3, 4})
	if len(f) > bombMax {
		t.Fatalf("not a bomb: %d bytes are refused before they are inflated", len(f))
	}
	f[0] |= 0x40 // RSV1: compressed (RFC 7692, 7.2.1)
	return f
}

// dialDeflate upgrades with permessage-deflate, and connects.
func dialDeflate(t *testing.T, addr string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(3 * patience))
	p := &peer{conn: c, r: bufio.NewReader(c)}
	request := strings.TrimSuffix(upgrade, "\r\n") + "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(p.r, nil)
	if err != nil || r.StatusCode != http.StatusSwitchingProtocols || !strings.Contains(r.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate") {
		t.Fatalf("no compression: %+v, %v", r, err)
	}
	if err := p.send(`{"id":1,"connect":{}}`); err != nil {
		t.Fatal(err)
	}
	if _, err := p.await(`{"id":1,"connect":{`); err != nil {
		t.Fatal(err)
	}
	return p
}

// sendBomb sends a bomb, and returns an error if it is not refused with 1009.
func (p *peer) sendBomb(bomb []byte) error {
	if _, err := p.conn.Write(bomb); err != nil {
		return err
	}
	text, err := p.next()
	var closed *closedError
	if !errors.As(err, &closed) || closed.code != frame.CloseTooBig {
		return fmt.Errorf("a bomb is answered with %.80q, %v", text, err)
	}
	return nil
}

// resetPeak sets the peak to the current memory (proc(5), clear_refs).
func (s *server) resetPeak() {
	s.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.pid()), []byte("5"), 0); err != nil {
		s.t.Fatal(err)
	}
}
