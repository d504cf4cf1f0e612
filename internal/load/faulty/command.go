package faulty

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// epoch is that of every room, because the server does not restart.
const epoch = "once"

// command is a command of a client.
type command struct {
	ID        uint32
	Connect   *struct{}
	Subscribe *struct {
		Channel string
		Recover bool
		Offset  uint64
	}
	Publish *struct {
		Channel string
		Data    json.RawMessage
	}
	History *struct {
		Channel string
		Since   *struct{ Offset uint64 }
	}
}

// commands are the lines of one frame.
func (s *Server) commands(c *netpoll.Conn, _ frame.Op, p []byte) {
	for line := range bytes.Lines(p) {
		var cmd command
		if err := json.Unmarshal(line, &cmd); err != nil {
			c.Close(3501, "bad request")
			return
		}
		s.command(c, c.Context().(*member), &cmd)
	}
}

func (s *Server) command(c *netpoll.Conn, m *member, cmd *command) {
	switch {
	case cmd.Connect != nil:
		s.connect(c, m, cmd.ID)
	case cmd.Subscribe != nil:
		s.subscribe(c, m, cmd)
	case cmd.Publish != nil:
		offset := s.publish(c.Loop(), s.room(cmd.Publish.Channel), cmd.Publish.Data)
		if !s.silent(NoAck) {
			reply(c, cmd.ID, "publish", s.position(offset))
		}
	case cmd.History != nil:
		s.readHistory(c, cmd)
	}
}

// position is the position of a message in its room.
func (s *Server) position(offset uint64) []byte {
	if s.Plain {
		return []byte(`{}`)
	}
	return fmt.Appendf(nil, `{"offset":%d,"epoch":%q}`, offset, epoch)
}

// silent reports whether this command is never answered.
func (s *Server) silent(f Fault) bool {
	if !s.strikes(f) {
		return false
	}
	s.committed()
	return true
}

func (s *Server) connect(c *netpoll.Conn, m *member, id uint32) {
	if s.silent(NoConnect) {
		return
	}
	if s.silent(Banish) {
		c.Close(3500, "invalid token")
		return
	}
	if s.strikes(Refuse, Babble) {
		s.committed()
		text := fmt.Sprintf(`{"id":%d,"error":{"code":100,"message":"internal server error","temporary":true}}`, id)
		if s.Fault == Babble {
			text = "<html>502 Bad Gateway</html>"
		}
		c.Send(frame.OpText, []byte(text))
		return
	}
	reply(c, id, "connect", fmt.Appendf(nil, `{"client":"c%d","version":"faulty","ping":25,"pong":true}`, m.number))
}

func (s *Server) subscribe(c *netpoll.Conn, m *member, cmd *command) {
	if s.silent(NoSubscribe) {
		return
	}
	q, r := cmd.Subscribe, s.room(cmd.Subscribe.Channel)
	if m.room == nil {
		r.add(m)
	}
	if s.Plain {
		reply(c, cmd.ID, "subscribe", []byte(`{}`))
		return
	}
	out := fmt.Appendf(nil, `{"recoverable":true,"positioned":true,"epoch":%q,"offset":%d`, epoch, r.offset)
	if q.Recover {
		missed := r.since(q.Offset)
		if len(missed) > 0 && s.strikes(RecoverLess) {
			s.committed()
			missed = missed[:len(missed)-1]
		}
		out = fmt.Appendf(out, `,"was_recovering":true,"recovered":true,"publications":%s`, publications(missed))
	}
	reply(c, cmd.ID, "subscribe", append(out, '}'))
}

func (s *Server) readHistory(c *netpoll.Conn, cmd *command) {
	if s.silent(NoHistory) {
		return
	}
	if s.Plain {
		c.Send(frame.OpText, fmt.Appendf(nil, `{"id":%d,"error":{"code":108,"message":"not available"}}`, cmd.ID))
		return
	}
	r, since := s.room(cmd.History.Channel), uint64(0)
	if q := cmd.History.Since; q != nil {
		since = q.Offset
	}
	reply(c, cmd.ID, "history", fmt.Appendf(nil, `{"epoch":%q,"offset":%d,"publications":%s}`, epoch, r.offset, publications(r.since(since))))
}

// since are the messages after an offset, in the order of the history.
func (r *room) since(offset uint64) (after []*entry) {
	for _, e := range r.history {
		if e.offset > offset {
			after = append(after, e)
		}
	}
	return after
}

func publications(all []*entry) []byte {
	out := []byte{'['}
	for i, e := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e.publication()...)
	}
	return append(out, ']')
}

func reply(c *netpoll.Conn, id uint32, method string, result []byte) {
	c.Send(frame.OpText, fmt.Appendf(nil, `{"id":%d,%q:%s}`, id, method, result))
}
