package systemd

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Notifier sends notifications to the service manager. Outside systemd it does nothing. Any goroutine may call its methods.
// Errors are for the log: a server continues if a notification cannot be sent.
type Notifier struct {
	socket   string
	watchdog time.Duration
}

// NewNotifier reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
func NewNotifier() *Notifier { return newNotifier(os.Getenv) }

func newNotifier(getenv func(string) string) *Notifier {
	n := &Notifier{socket: getenv("NOTIFY_SOCKET")}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	pid := getenv("WATCHDOG_PID") // of whom the manager watches
	if n.socket != "" && err == nil && usec > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// Ready notifies that the start, or a reload, has ended.
func (n *Notifier) Ready(status string) error { return n.send("READY=1", "STATUS="+status) }

// Reloading notifies that a reload has begun; Ready ends it.
func (n *Notifier) Reloading() error {
	return n.send("RELOADING=1", "MONOTONIC_USEC="+strconv.FormatInt(monotonic().Microseconds(), 10))
}

// Stopping notifies that the process stops, and how long that may take, so that the manager does not kill it before
// (TimeoutStopSec may be shorter).
func (n *Notifier) Stopping(status string, within time.Duration) error {
	return n.send("STOPPING=1", "STATUS="+status, "EXTEND_TIMEOUT_USEC="+strconv.FormatInt(within.Microseconds(), 10))
}

// Watchdog returns the time without Alive after which the manager ends the process; 0: never.
func (n *Notifier) Watchdog() time.Duration { return n.watchdog }

// Alive keeps the manager's watchdog from ending the process.
func (n *Notifier) Alive() error { return n.send("WATCHDOG=1") }

// sendTimeout bounds the wait for a service manager whose queue is full.
const sendTimeout = 500 * time.Millisecond

// send sends one datagram. Package net knows that a socket that begins with @ is an abstract one.
func (n *Notifier) send(lines ...string) error {
	if n.socket == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	defer c.Close()
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(line, "\n", " ")
	}
	_ = c.SetWriteDeadline(time.Now().Add(sendTimeout))
	if _, err := c.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	return nil
}
