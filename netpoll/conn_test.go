//go:build !windows

package netpoll

import (
	"testing"
	"unsafe"
)

// TestConnIs120Bytes: an idle connection is a slot of 120 bytes.
func TestConnIs120Bytes(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 120 {
		t.Errorf("a Conn is %d bytes, 120 are budgeted", n)
	}
}
