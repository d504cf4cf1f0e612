// Package files reads files whose name somebody gave us: never more than a bound, whatever the name stands for.
package files

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrNotRegular is the answer to a directory, a pipe or a device.
var ErrNotRegular = errors.New("it is not a regular file")

// TooLarge is the answer to a file of more bytes than the bound, which it is.
type TooLarge int64

func (e TooLarge) Error() string {
	if e >= 1<<20 {
		return fmt.Sprintf("it is larger than %d MiB", e>>20)
	}
	return fmt.Sprintf("it is larger than %d KiB", e>>10)
}

// Read reads at most limit bytes, also from a pipe; what is longer is an error.
func Read(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, TooLarge(limit)
	}
	return b, err
}

// ReadRegular is Read of a regular file. It looks before it opens, for opening a pipe waits for somebody who writes.
func ReadRegular(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotRegular
	}
	return Read(path, limit)
}
