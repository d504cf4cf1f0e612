package edge

import (
	"github.com/throngd/throng/netpoll"
)

// onDropped sends a member of a room with slow_consumer: drop the number of missed messages, once it has caught up.
func onDropped(c *netpoll.Conn, topic string, n int) {
	s, ok := c.Context().(*session)
	if !ok || s.state == closing {
		return
	}
	s.loop.counters.dropped.Add(int64(n))
	s.send(c, s.codec().AppendDropped(s.loop.reply, roomOf(topic), n))
}
