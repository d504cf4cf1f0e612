package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock reads CLOCK_MONOTONIC, which all processes of a machine share, so that the process that
// receives a message can compare the time in it with its own.
type clock struct {
	base  int64 // of the machine, at start
	start time.Time
}

func newClock() clock {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail for this clock
	return clock{base: ts.Nano(), start: time.Now()}
}

// now is in nanoseconds.
func (c clock) now() int64 { return c.base + int64(time.Since(c.start)) }
