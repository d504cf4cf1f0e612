//go:build !windows

package netpoll

import (
	"testing"
	"unsafe"
)

// TestConnSize: an idle connection is its slot and nothing else.
func TestConnSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 120 {
		t.Errorf("a Conn is %d bytes, 120 are budgeted", n)
	}
}
