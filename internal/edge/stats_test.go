package edge

import (
	"testing"

	"github.com/throngd/throng/frame"
)

// TestClosesAreCountedByTheirCode: codes from 3000 on are disconnects of the protocol, lower ones are of the peer or the
// network.
func TestClosesAreCountedByTheirCode(t *testing.T) {
	var n counters
	for _, code := range []frame.CloseCode{1000, 1006, 2999, 3000, 3008, 3012, 3501, 4999} {
		n.closed(code)
	}
	if n.gone.Load() != 8 || n.disconnects.Load() != 5 || n.slow.Load() != 1 || n.silent.Load() != 1 || n.badRequest.Load() != 1 {
		t.Errorf("gone %d, disconnects %d, slow %d, silent %d, bad request %d",
			n.gone.Load(), n.disconnects.Load(), n.slow.Load(), n.silent.Load(), n.badRequest.Load())
	}
}
