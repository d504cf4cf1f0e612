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

// The speed of a machine changes within seconds by more than two servers differ. Therefore several generators, each with
// its own server, can run at the same time and take turns of a fraction of a second, so that a change affects all servers
// alike. Between its turns a generator sends nothing and has received everything, so that only one pair is active.
//
// With --spin a generator never sleeps during its turn. Waking a sleeping receiver makes the server's send more expensive,
// and how often the generator sleeps depends on small differences between its speed and the server's. The clients of a
// real server sleep on machines of their own.

// interruptible is a workload that can be interrupted.
type interruptible interface {
	resume()      // begins, or goes on
	pause() error // starts nothing more and waits until everything that was started is complete
}

// leadTime is how long a turn runs before it is measured: until then the caches contain the data of another server.
const leadTime = 20 * time.Millisecond

// run measures w, in one turn or with --slice in several. It prints "ready" when it is ready for a turn, and each line of
// its input gives it one. The workload ends with the input.
func (m *meter) run(w interruptible) (r result.Result, err error) {
	if m.o.slice == 0 {
		err = m.measure(w, m.o.warmup, m.o.seconds)
		return m.result(), err
	}
	if err := m.measure(w, m.o.warmup, 0); err != nil {
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
		if err := m.measure(w, leadTime, m.o.slice); err != nil {
			return r, err
		}
	}
}

// measure runs and measures w once.
func (m *meter) measure(w interruptible, before, measured time.Duration) error {
	m.crowd.Spin = m.o.spin // not between the turns: others need the processor then
	defer func() { m.crowd.Spin = false }()
	w.resume()
	if err := m.during(m.crowd.TurnFor, before, measured); err != nil {
		return err
	}
	return w.pause()
}

// await receives until nothing is outstanding. It gives up when nothing has arrived for lossWait; what names the things
// that are lost then.
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
