package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Small files that would be huge once decoded are rejected.
func TestFilesThatWouldBeHugeAreRejected(t *testing.T) {
	head := `{"format":"throng load report","version":1,`
	many := func(item string) string { return strings.Repeat(item+",", maxItems+1) + item }
	keys := func() string {
		var b strings.Builder
		for i := range maxMembers + 1 {
			b.WriteString(`"` + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, uint32(i))) + `":1,`)
		}
		return b.String() + `"z":1`
	}
	for name, text := range map[string]string{
		"objects":    head + `"series":[` + many("{}") + `]}`,
		"nulls":      head + `"series":[` + many("null") + `]}`,
		"two lists":  head + `"notes":[` + strings.Repeat(`"",`, maxItems/2+1) + `""],"series":[` + strings.Repeat("0,", maxItems/2+1) + `0]}`,
		"members":    head + `"counters":{"errors":{` + keys() + `}}}`,
		"nested":     head + `"x":` + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20) + `}`,
		"in strings": head + `"x\"":[` + many(`"\\"`) + `]}`,
	} {
		if _, err := parse([]byte(text)); err != errTooMuch {
			t.Errorf("%s: %v", name, err)
		}
	}
	var longest bytes.Buffer
	if err := evening(600).WriteJSON(&longest); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(longest.Bytes()); err != nil {
		t.Error("ten minutes:", err)
	}
	if err := bounded([]byte(`{"a":"` + strings.Repeat(`,[{\"`, 3*maxItems) + `"}`)); err != nil {
		t.Error("a long text:", err)
	}
}

// packed is a histogram as a hostile file may have it.
func packed(t *testing.T, figures uint32, low, high uint64, payload int) string {
	t.Helper()
	n := binary.BigEndian
	b := n.AppendUint32(nil, 0x1c849303|0x10)
	b = n.AppendUint32(b, uint32(payload))
	b = n.AppendUint32(n.AppendUint32(b, 0), figures)
	b = n.AppendUint64(n.AppendUint64(n.AppendUint64(b, low), high), 0)
	b = append(b, make([]byte, payload)...)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out := n.AppendUint32(nil, 0x1c849304|0x10)
	out = n.AppendUint32(out, uint32(z.Len()))
	return base64.StdEncoding.EncodeToString(append(out, z.Bytes()...))
}

// The inflated size and the bounds of a histogram in a file are checked.
func TestHugeHistogramsAreRejected(t *testing.T) {
	for name, text := range map[string]string{
		"deflate bomb": packed(t, figures, uint64(lowest), uint64(highest), 64<<20),
		"fine":         packed(t, 5, 1, 1<<62, 10),
		"other bounds": packed(t, figures, 1, 1<<40, 10),
		"no base64":    "!!!!",
		"nothing":      "",
		"cut":          packed(t, figures, uint64(lowest), uint64(highest), 10)[:40],
	} {
		if len(text) > maxPacked {
			t.Fatal(name, "is not small")
		}
		before := allocated()
		_, err := unpack(text, figures)
		if (err == nil) != (name == "nothing") {
			t.Errorf("%s: %v", name, err)
		}
		if grown := allocated() - before; grown > 8<<20 {
			t.Errorf("%s: %d MiB were allocated", name, grown>>20)
		}
	}
	if _, err := unpack(packed(t, figures, uint64(lowest), uint64(highest), 10), figures); err != nil {
		t.Error("the test does not make histograms:", err)
	}
}

// The page is written although the JSON goes to a pipe without a reader.
func TestPipeWithoutReader(t *testing.T) {
	dir := t.TempDir()
	fifo, page := filepath.Join(dir, "json"), filepath.Join(dir, "page.html")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	saved := make(chan error, 1)
	go func() { saved <- evening(3).Save(fifo, page) }()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(page); err == nil && bytes.Contains(b, []byte("</html>")) {
			break
		} else if time.Now().After(end) {
			t.Fatal("no page", err)
		}
	}
	r, err := ReadFile(fifo)
	if err != nil || r.Opened != 15000 {
		t.Errorf("%v, %v", r, err)
	}
	if err := <-saved; err != nil {
		t.Error(err)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
