//go:build !windows

package netpoll

import (
	"bufio"
	"strings"
	"testing"

	"github.com/throngd/throng/frame"
)

// TestAnswerBeforeTheEnd: who leaves or is closed before the walk begins gets its answer all the same.
func TestAnswerBeforeTheEnd(t *testing.T) {
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
			b.SendWith(h, "room", NewBuffer(frame.OpText, []byte("answer")))
			end(b, h)
			s.Loop(0).Post(b)
			var got []string
			for r := bufio.NewReader(conn); len(got) < 3; {
				f, err := readFrame(r)
				if err != nil {
					t.Fatalf("after %q: %v", got, err)
				}
				got = append(got, strings.TrimLeft(string(f.Payload), "\x0f\xa0"))
			}
			if strings.Join(got, " ") != "answer message end" {
				t.Errorf("%q", got)
			}
		})
	}
}
