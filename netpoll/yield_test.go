//go:build !windows

package netpoll

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
)

// TestYield asks a process with one processor, in which a goroutine answers what the loop hands to it. The scheduler
// may turn back to the loop first, once in 61 times; then, without Yield, the loop waits for its sockets with the
// processor, and the answer comes when the scheduler's monitor, which sleeps, has noticed: after 10 to 20 ms.
func TestYield(t *testing.T) {
	const key = "NETPOLL_TEST_YIELD"
	if os.Getenv(key) != "" {
		serveYielding(t)
		return
	}
	server := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestYield$")
	server.Env = append(os.Environ(), key+"=1", "GOMAXPROCS=1")
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Wait()
	defer stdin.Close()
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := websocket.Dial(t.Context(), strings.TrimSpace(url), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()

	var late, alone int
	for range 3 {
		late, alone = 0, 0
		for range 600 {
			late += lateAnswer(t, c, "hand over")
			alone += lateAnswer(t, c, "answer yourself") // how late a busy machine is anyway
		}
		if late <= 2*alone+5 {
			return
		}
	}
	t.Errorf("%d of 600 answers were late, and %d of those that no other goroutine gave", late, alone)
}

// lateAnswer is 1 if the answer took 5 ms longer than its turn.
func lateAnswer(t *testing.T, c *websocket.Conn, text string) int {
	began := time.Now()
	say(t, c, text)
	hear(t, c, "done")
	if time.Since(began) > turn+5*time.Millisecond {
		return 1
	}
	return 0
}

const turn = 2 * time.Millisecond

// serveYielding serves until stdin ends.
func serveYielding(t *testing.T) {
	type work struct {
		loop *Loop
		h    Handle
	}
	todo := make(chan work, 16)
	go func() {
		for w := range todo {
			b := w.loop.NewBatch()
			b.Send(w.h, NewBuffer(frame.OpText, []byte("done")))
			w.loop.Post(b)
		}
	}()
	defer close(todo)
	s := start(t, &Server{Loops: 1, Endpoints: []Endpoint{{OnMessage: func(c *Conn, _ frame.Op, p []byte) {
		for began := time.Now(); time.Since(began) < turn; { // as a broadcast does; the monitor falls asleep over it
		}
		if string(p) != "hand over" {
			c.Send(frame.OpText, []byte("done"))
			return
		}
		todo <- work{c.Loop(), c.Handle()}
		c.Loop().Yield()
	}}}})
	_, _ = os.Stdout.WriteString(s.url("/") + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = s.Close()
}
