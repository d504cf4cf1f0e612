//go:build !windows

package netpoll

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// An idle crypto/tls connection keeps the buffers of its handshake, of 3.6 KB (golang/go#43563, #81348). Between two
// records they are empty, and crypto/tls makes new ones when it needs them, so they can be released. The fields are
// unexported: they are found by name and type once, and if they are not as expected, nothing is released.

// trimmable are the offsets in tls.Conn of the bytes.Buffers that are released when they are empty.
var trimmable = trimOffsets("rawInput", "hand")

func trimOffsets(names ...string) (offsets []uintptr) {
	for _, name := range names {
		f, ok := reflect.TypeFor[tls.Conn]().FieldByName(name)
		if !ok || f.Type != reflect.TypeFor[bytes.Buffer]() {
			return nil
		}
		offsets = append(offsets, f.Offset)
	}
	return offsets
}

// trim releases the empty buffers of an idle session. Loop only, not during the handshake.
func (s *tlsSession) trim() {
	for _, offset := range trimmable {
		b := (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(s.conn), offset))
		if b.Len() == 0 {
			*b = bytes.Buffer{}
		}
	}
}
