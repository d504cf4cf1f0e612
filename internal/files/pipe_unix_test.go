//go:build unix

package files

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReadOfPipeWithoutWriterEnds: a read ends with ErrSilent if no process opens the pipe for writing, or the writer writes
// nothing.
func TestReadOfPipeWithoutWriterEnds(t *testing.T) {
	path := fifo(t)
	if b, err := read(path, 1024, 50*time.Millisecond); !errors.Is(err, ErrSilent) {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := ReadRegular(path, 1024); !errors.Is(err, ErrNotRegular) {
		t.Error(err)
	}
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	if b, err := read(path, 1024, 50*time.Millisecond); !errors.Is(err, ErrSilent) {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := both.Write([]byte("half")); err != nil { // the writer does not close the pipe
		t.Fatal(err)
	}
	if b, err := read(path, 1024, 50*time.Millisecond); !errors.Is(err, ErrSilent) {
		t.Errorf("%q, %v", b, err)
	}
}

// TestPipeIsReadFromLaterWriter: a pipe that is opened for writing later is read, as with --config <(command).
func TestPipeIsReadFromLaterWriter(t *testing.T) {
	path := fifo(t)
	wrote := make(chan error, 1)
	go func() {
		f, err := openPipe(path, 20*time.Second) // waits for the reader below
		if err == nil {
			_, err = f.Write([]byte("text"))
			err = errors.Join(err, f.Close())
		}
		wrote <- err
	}()
	if b, err := read(path, 1024, 20*time.Second); string(b) != "text" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// TestWriteToPipeWithoutReaderEnds: a write ends with ErrSilent if no process opens the pipe for reading, or the reader
// reads nothing.
func TestWriteToPipeWithoutReaderEnds(t *testing.T) {
	path := fifo(t)
	if _, err := openPipe(path, 50*time.Millisecond); !errors.Is(err, ErrSilent) {
		t.Error(err)
	}
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f, err := openPipe(path, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 4<<20)); !errors.Is(err, ErrSilent) {
		t.Error(err)
	}
}
