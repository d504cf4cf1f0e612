package limits

import (
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRaiseFilesToHardLimit(t *testing.T) {
	var before, after syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Setrlimit(unix.RLIMIT_NOFILE, &before) })
	low := before
	low.Cur = min(low.Max, 128)
	if err := syscall.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	f, err := RaiseFiles()
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Getrlimit(unix.RLIMIT_NOFILE, &after); err != nil {
		t.Fatal(err)
	}
	if after.Cur != before.Max || f.Soft != f.Hard || f.Hard != uint64(before.Max) {
		t.Errorf("soft limit %d of %d, reported as %+v", after.Cur, before.Max, f)
	}
}
