// Package files reads and writes files with names from users: never more bytes than a limit, and never without a timeout,
// whether the name is a file, a pipe or a device.
package files

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// ErrNotRegular is the error for a directory, a pipe or a device.
var ErrNotRegular = errors.New("it is not a regular file")

// ErrSilent is the error for a pipe or device whose other end does nothing for 20 s.
var ErrSilent = errors.New("it is a pipe or a device, and nothing comes from its other end")

// TooLarge is the error for a file with more bytes than the limit. Its value is the limit.
type TooLarge int64

func (e TooLarge) Error() string {
	if e >= 1<<20 {
		return fmt.Sprintf("it is larger than %d MiB", e>>20)
	}
	return fmt.Sprintf("it is larger than %d KiB", e>>10)
}

// patience is the timeout for the other end of a pipe.
const patience = 20 * time.Second

// look is the time between two attempts to open the other end.
const look = 20 * time.Millisecond

// Read reads at most limit bytes, also from a pipe. More bytes are an error.
func Read(path string, limit int64) ([]byte, error) { return read(path, limit, patience) }

func read(path string, limit int64, patience time.Duration) ([]byte, error) {
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	from := io.Reader(&patientReader{f, patience})
	if info.Mode()&os.ModeNamedPipe != 0 {
		from = &late{Reader: from, until: time.Now().Add(patience)}
	}
	return readAll(from, limit)
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, TooLarge(limit)
	}
	return b, err
}

// ReadRegular is Read for regular files only.
func ReadRegular(path string, limit int64) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, ErrNotRegular // without opening it, which a device may notice
	}
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !info.Mode().IsRegular() { // it has changed since
		return nil, ErrNotRegular
	}
	return readAll(f, limit)
}

// open does not wait for the other end of a pipe (fifo(7)) or of a line (open(2), O_NONBLOCK).
func open(path string) (*os.File, os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// patientReader ends a Read after the timeout. Regular files have no deadline.
type patientReader struct {
	f        *os.File
	patience time.Duration
}

func (r *patientReader) Read(b []byte) (int, error) {
	_ = r.f.SetReadDeadline(time.Now().Add(r.patience))
	n, err := r.f.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrSilent
	}
	return n, err
}

// late waits for the first writer of a pipe: until there is one, a read returns io.EOF.
type late struct {
	io.Reader
	until time.Time
	begun bool
}

func (r *late) Read(b []byte) (int, error) {
	for {
		n, err := r.Reader.Read(b)
		switch r.begun = r.begun || n > 0; {
		case r.begun || !errors.Is(err, io.EOF):
			return n, err
		case time.Now().After(r.until):
			return 0, ErrSilent
		}
		time.Sleep(look)
	}
}

// Pipe is a pipe or a device, opened for writing. A Write that is not read for 20 s is an error.
type Pipe struct {
	f        *os.File
	patience time.Duration
}

// OpenPipe opens a device, or a pipe, for whose reader it waits up to 20 s.
func OpenPipe(path string) (*Pipe, error) { return openPipe(path, patience) }

func openPipe(path string, patience time.Duration) (*Pipe, error) {
	until := time.Now().Add(patience)
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		switch {
		case err == nil:
			return &Pipe{f, patience}, nil
		case !errors.Is(err, syscall.ENXIO):
			return nil, err
		case time.Now().After(until):
			return nil, ErrSilent
		}
		time.Sleep(look)
	}
}

// piece is the bytes that are written with one deadline: less than a pipe holds, so that a slow reader makes progress.
const piece = 16 << 10

// Write writes all of b.
func (p *Pipe) Write(b []byte) (written int, err error) {
	for len(b) > 0 && err == nil {
		_ = p.f.SetWriteDeadline(time.Now().Add(p.patience))
		var n int
		n, err = p.f.Write(b[:min(piece, len(b))])
		written, b = written+n, b[n:]
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrSilent
	}
	return written, err
}

// Close closes the file.
func (p *Pipe) Close() error { return p.f.Close() }
