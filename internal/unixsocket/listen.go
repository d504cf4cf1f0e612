//go:build !windows

// Package unixsocket opens listeners at paths of the file system (unix(7)).
package unixsocket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/throngd/throng/internal/clierr"
)

// Prefix is the prefix of an address that is a path, as unix:/run/throng/public.sock. With @ instead of the slash it is an
// abstract name (Linux), which has no file.
const Prefix = "unix:"

// longest is the length of sun_path without its terminating zero byte (unix(7)).
const longest = 107

// Listener is a listener with the file that it created. Close does not remove the file, so that the listener can be closed when
// another part of the program has taken its descriptor.
type Listener struct {
	*net.UnixListener
	file os.FileInfo // nil: an abstract name
}

// Listen opens a stream socket at addr, which begins with [Prefix]. The file has exactly this mode from the beginning. An
// existing socket without a listener is replaced. Errors are [clierr.Error]. The mode is set by umask(2), which belongs to
// the process: no other goroutine may create files meanwhile.
func Listen(addr string, mode fs.FileMode) (*Listener, error) {
	path := strings.TrimPrefix(addr, Prefix)
	if err := Check(addr); err != nil {
		return nil, err
	}
	abstract := path[0] == '@'
	if !abstract {
		if err := removeStale(path); err != nil {
			return nil, err
		}
	}
	before := syscall.Umask(int(0o777 &^ mode.Perm()))
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	syscall.Umask(before)
	if err != nil {
		return nil, explain(err, addr)
	}
	ln.SetUnlinkOnClose(false)
	if abstract {
		return &Listener{UnixListener: ln}, nil
	}
	file, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return &Listener{ln, file}, nil
}

// Check reports whether addr can be an address: an absolute path or an abstract name.
func Check(addr string) error {
	path, ok := strings.CutPrefix(addr, Prefix)
	switch {
	case !ok || path == "" || path[0] != '@' && !filepath.IsAbs(path) || path == "@" || strings.ContainsRune(path, 0):
		return clierr.Usagef("write it as unix:/run/throng/public.sock", "%q is no absolute path", addr)
	case len(path) > longest:
		return clierr.Usagef("choose a shorter path", "the path of %s has %d bytes; a socket's path has %d at most", addr, len(path), longest)
	}
	return nil
}

// removeStale removes a socket that has no listener.
func removeStale(path string) error {
	file, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return explain(err, Prefix+path)
	case file.Mode().Type() != fs.ModeSocket:
		return clierr.Errorf("remove it, or choose another path", "%s is there already and is no socket", path)
	}
	if taken(path) { // also if it cannot be asked, for want of a permission
		return explain(syscall.EADDRINUSE, Prefix+path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(err, Prefix+path)
	}
	return nil
}

func explain(err error, addr string) error {
	path := strings.TrimPrefix(addr, Prefix)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return clierr.Errorf(fmt.Sprintf("find it with: ss -lxp 'src = %s', or choose another path", path), "another program already listens on %s", addr)
	case errors.Is(err, fs.ErrPermission):
		return clierr.Errorf(fmt.Sprintf("let the user of throng write to %s, or choose another path", filepath.Dir(path)), "no permission to make or replace %s", path)
	case errors.Is(err, fs.ErrNotExist):
		return clierr.Errorf(fmt.Sprintf("make it with: mkdir -p %s", filepath.Dir(path)), "there is no directory for %s", path)
	}
	return clierr.Errorf("choose another path", "cannot listen on %s: %v", addr, err)
}

// Remove closes the listener and removes its file, if it is still the file that Listen created and nothing listens there. All
// copies of the descriptor must be closed. A successor may have created another file, possibly with the same inode number.
func (l *Listener) Remove() error {
	_ = l.Close()
	if l.file == nil {
		return nil
	}
	path := l.Addr().String()
	now, err := os.Lstat(path)
	if err != nil || !os.SameFile(now, l.file) || taken(path) {
		return nil
	}
	return os.Remove(path)
}

// taken reports whether there may be a listener at path.
func taken(path string) bool {
	c, err := net.Dial("unix", path)
	if err == nil {
		_ = c.Close()
	}
	return !errors.Is(err, syscall.ECONNREFUSED)
}
