package load

import (
	"testing"
	"unsafe"
)

// A million clients are to fit into a small machine.
func TestSizeOfClient(t *testing.T) {
	if n := unsafe.Sizeof(client{}); n > 72 {
		t.Errorf("a client has %d bytes", n)
	}
}
