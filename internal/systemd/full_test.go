package systemd

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestManagerThatDoesNotListen: a notification waits for space in the queue of
// the service manager, for a limited time.
func TestManagerThatDoesNotListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n := newNotifier(func(name string) string { return map[string]string{"NOTIFY_SOCKET": path}[name] })
	failed := make(chan error, 1)
	go func() {
		for {
			if err := n.Alive(); err != nil {
				failed <- err
				return
			}
		}
	}()
	select {
	case err := <-failed:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a message waits for ever")
	}
}
