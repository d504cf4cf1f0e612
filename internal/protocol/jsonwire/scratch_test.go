package jsonwire

import (
	"errors"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/protocol"
)

// TestReaderGivesBackAnAbsurdFrame: one Reader serves a loop for ever, so the scratch that a frame of ten thousand keys
// made it grow does not stay.
func TestReaderGivesBackAnAbsurdFrame(t *testing.T) {
	for _, tt := range []struct {
		keys int
		kept bool
	}{{100, true}, {10_000, false}} {
		var r Reader
		r.Reset([]byte(manyKeys(tt.keys)))
		if _, err := r.Next(); !errors.Is(err, protocol.ErrBadRequest) {
			t.Fatal(err)
		}
		r.Reset([]byte(`{"id":1,"ping":{}}`))
		if kept := cap(r.scan.keys) > 0; kept != tt.kept {
			t.Errorf("after an object of %d keys there is room for %d", tt.keys, cap(r.scan.keys))
		}
		if c, err := r.Next(); err != nil || c.ID != 1 {
			t.Errorf("the next frame: %+v, %v", c, err)
		}
	}
	var r Reader
	r.Reset([]byte(`{` + strings.Repeat(`"unknown":1,`, 10_000) + `"id":1}`)) // as many fields
	_, _ = r.Next()
	r.Reset(nil)
	if n := cap(r.scan.fields); n > 8192 {
		t.Errorf("there is room for %d fields", n)
	}
}
