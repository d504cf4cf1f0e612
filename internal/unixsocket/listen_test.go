package unixsocket

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/clierr"
)

func mustListen(t *testing.T, addr string, mode fs.FileMode) *Listener {
	t.Helper()
	ln, err := Listen(addr, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

func refused(t *testing.T, addr, want string) {
	t.Helper()
	_, err := Listen(addr, 0o600)
	var told *clierr.Error
	if err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &told) || told.Hint == "" {
		t.Errorf("%s: %v, want %q and a hint", addr, err, want)
	}
}

// TestModeFromTheBeginning: the file has the permissions that were asked for, whatever the umask is.
func TestModeFromTheBeginning(t *testing.T) {
	for i, mode := range []fs.FileMode{0o660, 0o600, 0o666, 0o777} {
		path := filepath.Join(t.TempDir(), string(rune('a'+i)))
		mustListen(t, Prefix+path, mode)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%v, %v; want %v", info.Mode(), err, mode)
		}
	}
}

// TestStaleSocketIsReplaced: a socket without a listener is replaced, any other file is not.
func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first := mustListen(t, Prefix+path, 0o600)
	refused(t, Prefix+path, "another program already listens on unix:"+path)
	if _, err := net.Dial("unix", path); err != nil {
		t.Errorf("the one that listens is gone: %v", err)
	}
	_ = first.Close()
	second := mustListen(t, Prefix+path, 0o600) // first left its file, as after a crash
	if err := first.Remove(); err != nil {
		t.Error(err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatalf("the first one removed the file of the second: %v", err)
	}
	_ = c.Close()
	if err := second.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
	if err := second.Remove(); err != nil {
		t.Errorf("removing what is gone: %v", err)
	}
}

func TestWhatIsNoSocketStays(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link, dir} {
		refused(t, Prefix+path, "is no socket")
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	refused(t, Prefix+filepath.Join(dir, "none", "s"), "no directory")
}

func TestAddresses(t *testing.T) {
	for _, addr := range []string{"unix:", "unix:relative.sock", "unix:./s", "unix:@", "unix:/a\x00b", "/run/s"} {
		refused(t, addr, "no absolute path")
	}
	refused(t, "unix:/"+strings.Repeat("a", longest), "108 bytes")
}

// TestAbstractName: a name in the abstract namespace has no file (unix(7)).
func TestAbstractName(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("abstract names are Linux's")
	}
	name := "@throng-test-" + filepath.Base(t.TempDir()) + string(rune('a'+os.Getpid()%26))
	ln := mustListen(t, Prefix+name, 0o600)
	c, err := net.Dial("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if err := ln.Remove(); err != nil {
		t.Error(err)
	}
}
