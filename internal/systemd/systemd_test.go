package systemd

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v
			}
		}
		return ""
	}
}

func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	for _, address := range []string{path, "@throng-test-" + strconv.Itoa(os.Getpid())} {
		if address[0] == '@' && runtime.GOOS != "linux" {
			continue
		}
		c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		n := newNotifier(env("NOTIFY_SOCKET=" + address))
		for _, step := range []struct {
			send func() error
			want string
		}{
			{func() error { return n.Ready("serving\n:8080") }, "READY=1\nSTATUS=serving :8080"},
			{n.Reloading, `RELOADING=1\nMONOTONIC_USEC=\d+`},
			{func() error { return n.Stopping("draining", time.Second) }, "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=1000000"},
			{n.Alive, "WATCHDOG=1"},
		} {
			if err := step.send(); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 1024)
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			k, err := c.Read(b)
			if err != nil || !regexp.MustCompile("^"+step.want+"$").Match(b[:k]) {
				t.Errorf("got %q, %v; want %s", b[:k], err, step.want)
			}
		}
		_ = c.Close()
		if err := n.Alive(); err == nil {
			t.Error("no error although nobody listens")
		}
	}
	if err := newNotifier(env()).Ready("x"); err != nil {
		t.Errorf("outside systemd: %v", err)
	}
}

func TestWatchdogInterval(t *testing.T) {
	mine, other := strconv.Itoa(os.Getpid()), strconv.Itoa(os.Getpid()+1)
	for _, c := range []struct {
		env  []string
		want time.Duration
	}{
		{[]string{"NOTIFY_SOCKET=/x", "WATCHDOG_USEC=30000000", "WATCHDOG_PID=" + mine}, 30 * time.Second},
		{[]string{"NOTIFY_SOCKET=/x", "WATCHDOG_USEC=30000000"}, 30 * time.Second},
		{[]string{"NOTIFY_SOCKET=/x", "WATCHDOG_USEC=30000000", "WATCHDOG_PID=" + other}, 0},
		{[]string{"WATCHDOG_USEC=30000000"}, 0},
		{[]string{"NOTIFY_SOCKET=/x", "WATCHDOG_USEC=often"}, 0},
		{[]string{"NOTIFY_SOCKET=/x"}, 0},
	} {
		if got := newNotifier(env(c.env...)).Watchdog(); got != c.want {
			t.Errorf("%q: %v, want %v", c.env, got, c.want)
		}
	}
}

// passed puts listeners where systemd would, at descriptors of the test's choice.
func passed(t *testing.T, first, n int) (addrs []string) {
	t.Helper()
	for i := range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		if fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD, first+i); fd != first+i || err != nil {
			t.Fatal(fd, err)
		}
		_, _ = f.Close(), ln.Close()
		addrs = append(addrs, ln.Addr().String())
	}
	return addrs
}

func TestSockets(t *testing.T) {
	const first = 200
	me := "LISTEN_PID=" + strconv.Itoa(os.Getpid())
	addrs := passed(t, first, 3)
	list, err := sockets(env(me, "LISTEN_FDS=3", "LISTEN_FDNAMES=public:admin"), first)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(list)
	for i, name := range []string{"public", "admin", "unknown"} {
		if got := list[i].Listener.Addr().String(); got != addrs[i] || list[i].Name != name {
			t.Errorf("%s at %s, want %s at %s", list[i].Name, got, name, addrs[i])
		}
	}
	if err := unix.Close(first); err == nil {
		t.Error("the passed descriptor is still open")
	}
	for _, e := range [][]string{{}, {"LISTEN_PID=1", "LISTEN_FDS=1"}, {me, "LISTEN_FDS=0"}} {
		if list, err := sockets(env(e...), first); list != nil || err != nil {
			t.Errorf("%q: %v, %v", e, list, err)
		}
	}
	for _, n := range []string{"", "-1", "many", "99999"} {
		if _, err := sockets(env(me, "LISTEN_FDS="+n), first); err == nil {
			t.Errorf("LISTEN_FDS=%s was accepted", n)
		}
	}
	if _, err := sockets(env(me, "LISTEN_FDS=1"), 999); err == nil || !strings.Contains(err.Error(), "descriptor 999") {
		t.Errorf("a descriptor that is not open: %v", err)
	}
}
