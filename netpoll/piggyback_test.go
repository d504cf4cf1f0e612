//go:build !windows

package netpoll

import (
	"bufio"
	"slices"
	"strings"
	"testing"

	"github.com/throngd/throng/frame"
)

// TestPiggybackedReplyPrecedesLeaveAndClose: a member that leaves or is closed before the broadcast gets its reply first.
func TestPiggybackedReplyPrecedesLeaveAndClose(t *testing.T) {
	for name, end := range map[string]func(*Batch, Handle){
		"closed": func(b *Batch, h Handle) { b.Close(h, 4000, "end") },
		"leaves": func(b *Batch, h Handle) { b.Unsubscribe(h, "room", NewBuffer(frame.OpText, []byte("end"))) },
	} {
		t.Run(name, func(t *testing.T) {
			opened := make(chan Handle, 1)
			s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnOpen: func(c *Conn) { c.Subscribe("room"); opened <- c.Handle() }}}})
			conn := raw(t, s, "/", "")
			h, b := <-opened, s.Loop(0).NewBatch()
			b.Publish("room", NewBuffer(frame.OpText, []byte("message")))
			b.SendWithNext(h, "room", NewBuffer(frame.OpText, []byte("answer")))
			end(b, h)
			s.Loop(0).Post(b)
			got := texts(t, bufio.NewReader(conn), 3)
			got[2] = strings.TrimPrefix(got[2], "\x0f\xa0") // the code of the close frame
			if strings.Join(got, " ") != "answer message end" {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestPiggybackedReplyOfLateJoiner: a member that joined between two messages of a broadcast, and whose reply belongs to the
// second, is not part of that broadcast. It gets the reply before another topic sends it more than its socket takes.
func TestPiggybackedReplyOfLateJoiner(t *testing.T) {
	opened := make(chan Handle, 1)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnOpen: func(c *Conn) { c.Subscribe(c.Context().(string)); opened <- c.Handle() },
		Accept: func(r *Request) error { r.SetContext(r.Query()); return nil }}}})
	raw(t, s, "/?room", "")
	<-opened
	conn := raw(t, s, "/?other", "")
	h, b := <-opened, s.Loop(0).NewBatch()
	large := strings.Repeat("x", 16<<20)
	b.Publish("room", text("first"))
	b.Subscribe(h, "room", nil)
	b.Publish("room", text("second"))
	b.SendWithNext(h, "room", text("answer"))
	b.Publish("other", text(large))
	s.Loop(0).Post(b)
	got := texts(t, bufio.NewReader(conn), 3)
	slices.Sort(got) // the order of the two is not specified
	if !slices.Equal(got, []string{"answer", "second", large}) {
		t.Errorf("%.20q", got)
	}
}

func TestFDBits(t *testing.T) {
	var m fdBits
	for _, fd := range []int32{0, 63, 64, 1000} {
		if m.take(fd) {
			t.Errorf("%d is there", fd)
		}
		m.set(fd)
		if !m.take(fd) || m.take(fd) {
			t.Errorf("%d is not there once", fd)
		}
	}
}
