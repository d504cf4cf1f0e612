//go:build linux

package sys

import (
	"os"
	"testing"
	"time"
)

// The counters of this process and machine are there and move in the right unit.
func TestReadingsOfThisProcess(t *testing.T) {
	cpu, err := CPU(os.Getpid())
	if err != nil || cpu <= 0 || cpu > time.Hour {
		t.Errorf("processor time %v, %v", cpu, err)
	}
	m, err := ReadMemory(os.Getpid())
	if err != nil || m.Rss < 1<<20 || m.Rss > 4<<30 || m.Pss <= 0 || m.Pss > m.Rss {
		t.Errorf("%+v, %v", m, err)
	}
	slab, _, err := KernelMemory()
	if err != nil || slab < 1<<20 {
		t.Errorf("slab %d, %v", slab, err)
	}
	before, err := Busy()
	if err != nil || before < cpu {
		t.Errorf("the processors were busy for %v, %v; this process alone for %v", before, err, cpu)
	}
	if _, err := ReadMemory(-1); err == nil {
		t.Error("a process that does not exist has memory")
	}
}
