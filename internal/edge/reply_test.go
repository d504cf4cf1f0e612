package edge

import (
	"testing"

	"github.com/throngd/throng/netpoll"
)

// TestScratchOfLongReplyIsReleased: a loop keeps its scratch of replies, except after a long one.
func TestScratchOfLongReplyIsReleased(t *testing.T) {
	s := &session{loop: &loop{}}
	var gone netpoll.Conn // sends nothing
	s.send(&gone, make([]byte, 4<<10))
	if n := cap(s.loop.reply); n != 4<<10 || len(s.loop.reply) != 0 {
		t.Errorf("after a reply of 4 KiB the scratch has %d bytes, %d of them used", n, len(s.loop.reply))
	}
	s.send(&gone, make([]byte, 1<<20))
	if n := cap(s.loop.reply); n > 64<<10 {
		t.Errorf("after a reply of 1 MiB the scratch has %d bytes", n)
	}
}
