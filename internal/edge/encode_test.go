package edge

import (
	"testing"

	"github.com/throngd/throng/room"
)

// TestPositionBefore: the position of a recovery is that of the message before its first one, if that is known.
func TestPositionBefore(t *testing.T) {
	for _, c := range []struct{ offset, prev, want uint64 }{{10, 0, 9}, {10, 7, 7}, {10, 1, 1}, {1, 0, 0}} {
		if got := positionBefore(&room.Publication{Offset: c.offset, Prev: c.prev}); got != c.want {
			t.Errorf("before %d, with %d before it: %d", c.offset, c.prev, got)
		}
	}
}
