package files

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	full := filepath.Join(t.TempDir(), "full")
	if err := os.WriteFile(full, make([]byte, 1024), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		path  string
		limit int64
		read  int
		any   bool // Read succeeds
		plain bool // ReadRegular does
	}{
		{"just fits", full, 1024, 1024, true, true},
		{"a byte too long", full, 1023, 0, false, false},
		{"endless", "/dev/zero", 1024, 0, false, false},
		{"empty device", "/dev/null", 1024, 0, true, false},
		{"directory", t.TempDir(), 1024, 0, false, false},
		{"missing", full + "x", 1024, 0, false, false},
	} {
		b, err := Read(tt.path, tt.limit)
		if (err == nil) != tt.any || len(b) != tt.read {
			t.Errorf("%s: Read: %d bytes, %v", tt.name, len(b), err)
		}
		if _, err = ReadRegular(tt.path, tt.limit); (err == nil) != tt.plain {
			t.Errorf("%s: ReadRegular: %v", tt.name, err)
		}
	}
	if _, err := ReadRegular("/dev/zero", 1); !errors.Is(err, ErrNotRegular) {
		t.Error(err)
	}
}
