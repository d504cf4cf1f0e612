//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/result"
)

// A machine drifts by more than two servers differ, within seconds. So several generators, each with a server of its own,
// can be there at once and take turns of a fraction of a second: what one server meets, the others meet too. Between its
// turns a generator is silent and has everything back, so nobody works but the one whose turn it is.
//
// With --spin a generator never sleeps in its turn: the send that wakes a sleeping receiver costs more, in the
// server's account, and how often it sleeps depends on a hair's breadth between its speed and the server's. The clients of
// a real server sleep on machines of their own.

// talker is a work that can be interrupted.
type talker interface {
	talk()       // begins, or goes on
	hush() error // begins nothing more and waits until everything that was begun is complete
}

// lead is how long a turn runs before it is measured: the caches are another server's.
const lead = 20 * time.Millisecond

// run measures w: at one go, or with --slice in turns. It says "ready" when it could have one, which a line of the input
// gives it; the end of the input is the end of the work.
func (m *meter) run(w talker) (r result.Result, err error) {
	if m.o.slice == 0 {
		err = m.spell(w, m.o.warmup, m.o.seconds)
		return m.result(), err
	}
	if err := m.spell(w, m.o.warmup, 0); err != nil {
		return r, err
	}
	in := bufio.NewReader(os.Stdin)
	for {
		fmt.Println("ready")
		if err := m.crowd.TurnUntil(int(os.Stdin.Fd())); err != nil {
			return r, err
		}
		if _, err := in.ReadString('\n'); err == io.EOF {
			return m.result(), nil
		} else if err != nil {
			return r, err
		}
		if err := m.spell(w, lead, m.o.slice); err != nil {
			return r, err
		}
	}
}

// spell talks and measures once.
func (m *meter) spell(w talker, before, measured time.Duration) error {
	m.crowd.Spin = m.o.spin // between the turns the processor is another's
	defer func() { m.crowd.Spin = false }()
	w.talk()
	if err := m.during(m.crowd.TurnFor, before, measured); err != nil {
		return err
	}
	return w.hush()
}

// await turns until nothing is outstanding, as long as something comes. what is what would be lost.
func await(c *crowd.Crowd, what string, outstanding func() int) error {
	left := outstanding()
	for end := c.Now + lossWait; left > 0 && c.Now < end; {
		if err := c.Turn(50 * time.Millisecond); err != nil {
			return err
		}
		if n := outstanding(); n < left {
			left, end = n, c.Now+lossWait
		}
	}
	if left > 0 {
		return fmt.Errorf("lost: %d %s never came", left, what)
	}
	return nil
}
