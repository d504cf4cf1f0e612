package limits

import (
	"math"
	"syscall"

	"golang.org/x/sys/unix"
)

// Files are the limits of open files of this process.
type Files struct{ Soft, Hard uint64 }

// Connections returns the number of connections that the hard limit allows beside reserved descriptors. It is at most 2^30,
// more than any kernel allows.
func (f Files) Connections(reserve int) int {
	if f.Hard <= uint64(reserve) {
		return 0
	}
	return int(min(f.Hard-uint64(reserve), 1<<30))
}

// RaiseFiles raises the soft limit to the hard one, and returns both.
//
// The Go runtime does the same at start, but gives up silently where the hard
// limit is "unlimited" and the kernel's is lower (macOS).
func RaiseFiles() (Files, error) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return Files{}, err
	}
	f := Files{Soft: uint64(r.Cur), Hard: uint64(r.Max)}
	if f.Soft >= f.Hard {
		return f, nil
	}
	r.Cur = r.Max
	if err := syscall.Setrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return Files{f.Soft, f.Soft}, nil // the limit cannot be raised
	}
	return Files{f.Hard, f.Hard}, nil
}

// unlimited stands for a limit that does not exist.
const unlimited = math.MaxInt64
