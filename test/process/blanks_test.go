//go:build linux

package process

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
)

// Frames of 85 bytes inflate to 64 KiB of blanks, which are no command. A connection that sends a flood of them is closed
// with 3013 before it has taken much processor time: 20 MB of them would take 8 s.
func TestFloodOfCompressedBlanksIsClosed(t *testing.T) {
	const conns, each = 10, 2 << 20 // bytes
	s := start(t, nil, "--compression", "--commands-per-second", "100", "--bytes-per-second", "256KiB")
	witness := join(t, s.addr, "witness")
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(bytes.Repeat([]byte(" "), 64<<10)) // to memory: cannot fail
	_ = w.Flush()
	f := frame.AppendMaskedFrame(nil, frame.OpText, bytes.TrimSuffix(deflated.Bytes(), []byte("\x00\x00\xff\xff")), [4]byte{1, 2, 3, 4})
	f[0] |= 0x40 // RSV1: compressed (RFC 7692, 7.2.1)
	peers := make([]*peer, conns)
	for i := range peers {
		peers[i] = dialDeflate(t, s.addr)
	}
	before := s.cpu()
	ends := make(chan error, conns)
	for _, p := range peers {
		go func() {
			part := bytes.Repeat(f, 1000)
			for range each / len(part) {
				if _, err := p.conn.Write(part); err != nil {
					break
				}
			}
			ends <- p.awaitFloodClose()
		}()
	}
	for range peers {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	took := s.cpu() - before
	t.Logf("%d connections, %d MB of frames of %d bytes: %v", conns, conns*each>>20, len(f), took)
	if took > time.Second {
		t.Errorf("the flood took %v of processor time", took)
	}
	if _, err := witness.subscribe("another", "", 0); err != nil {
		t.Errorf("the connection that sent nothing: %v", err)
	}
}

// awaitFloodClose reads until the close frame with 3013.
func (p *peer) awaitFloodClose() error {
	for {
		_, err := p.next()
		var closed *closedError
		switch {
		case err == nil:
		case !errors.As(err, &closed) || closed.code != 3013:
			return fmt.Errorf("a flood ends with %w", err)
		default:
			return nil
		}
	}
}

// cpu is the processor time of the server in user space.
func (s *server) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid()))
	if err != nil {
		s.t.Fatal(err)
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:])) // from the third on (proc(5))
	ticks, err := strconv.Atoi(fields[14-3])
	if err != nil {
		s.t.Fatal(err)
	}
	return time.Duration(ticks) * time.Second / 100
}
