package frame

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

var sizes = []int{0, 1, 15, 16, 17, 125, 126, 127, 128, 65535, 65536, 65537}

// Frames with each form of a length are those of package ws.
func TestAppendFrameMatchesWs(t *testing.T) {
	for _, n := range sizes {
		p := bytes.Repeat([]byte("p"), n)
		want, err := ws.CompileFrame(ws.NewTextFrame(p))
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendFrame([]byte("before"), OpText, p); string(got) != "before"+string(want) {
			t.Errorf("%d bytes: AppendFrame differs from ws.CompileFrame", n)
		}
		raw := append(make([]byte, HeaderRoom), p...)
		if got := PutHeader(raw, OpText); !bytes.Equal(got, want) || n > 0 && &got[len(got)-1] != &raw[len(raw)-1] {
			t.Errorf("%d bytes: PutHeader differs, or copies", n)
		}
	}
}

func TestAppendMaskedFrameMatchesWs(t *testing.T) {
	for _, n := range sizes {
		p := bytes.Repeat([]byte("p"), n)
		before := bytes.Clone(p)
		want, err := ws.CompileFrame(ws.MaskFrameWith(ws.NewBinaryFrame(bytes.Clone(p)), testMask))
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendMaskedFrame(nil, OpBinary, p, testMask); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: differs from ws.MaskFrameWith", n)
		}
		if !bytes.Equal(p, before) {
			t.Errorf("%d bytes: the payload was changed", n)
		}
	}
}

func TestAppendHeaderRSV1(t *testing.T) {
	if got := AppendHeader(nil, OpText, 5, true); !bytes.Equal(got, []byte{0xC1, 5}) {
		t.Errorf("% x", got)
	}
}

func TestEncodingDoesNotAllocate(t *testing.T) {
	dst, p, raw := make([]byte, 0, 1024), make([]byte, 300), make([]byte, HeaderRoom+300)
	n := testing.AllocsPerRun(100, func() {
		dst = AppendFrame(dst[:0], OpText, p)
		dst = AppendMaskedFrame(dst[:0], OpText, p, testMask)
		dst = AppendClose(dst[:0], CloseGoingAway, "bye")
		dst = AppendMaskedClose(dst[:0], CloseGoingAway, "bye", testMask)
		PutHeader(raw, OpText)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAppendClose(t *testing.T) {
	long := strings.Repeat("a", 122) + "€€"
	rows := []struct {
		code   CloseCode
		reason string
		want   string
	}{
		{CloseNormal, "", "\x88\x02\x03\xe8"},
		{3012, "no pong", "\x88\x09\x0b\xc4no pong"},
		{CloseNoStatus, "never sent", "\x88\x00"},
		{CloseAbnormal, "never sent", "\x88\x00"},
		{CloseTooBig, strings.Repeat("b", 200), "\x88\x7d\x03\xf1" + strings.Repeat("b", 123)},
		{CloseTooBig, long, "\x88\x7c\x03\xf1" + long[:122]},
		{CloseNormal, "a\xffb", "\x88\x07\x03\xe8a\uFFFDb"},
	}
	for _, row := range rows {
		got := AppendClose(nil, row.code, row.reason)
		if string(got) != row.want {
			t.Errorf("AppendClose(%d, %q) = %q, want %q", row.code, row.reason, got, row.want)
		}
		masked := AppendMaskedClose([]byte("before"), row.code, row.reason, testMask)
		if want := AppendMaskedFrame([]byte("before"), OpClose, []byte(row.want)[2:], testMask); !bytes.Equal(masked, want) {
			t.Errorf("AppendMaskedClose(%d, %q) = %q, want %q", row.code, row.reason, masked, want)
		}
		if bad := checkClose(got[2:]); bad != nil {
			t.Errorf("AppendClose(%d, %q) is not accepted: %v", row.code, row.reason, bad)
		}
	}
	for n := range 300 { // any cut leaves UTF-8
		if p := AppendClose(nil, CloseNormal, strings.Repeat("x", n%5)+strings.Repeat("𤭢", n))[4:]; !utf8.Valid(p) || len(p) > maxReason {
			t.Fatalf("%d runes: %q", n, p)
		}
	}
}

func TestParseClose(t *testing.T) {
	if c, r := ParseClose(nil); c != CloseNoStatus || r != "" {
		t.Error(c, r)
	}
	if c, r := ParseClose([]byte("\x03\xe9bye")); c != CloseGoingAway || r != "bye" {
		t.Error(c, r)
	}
}

func TestSendableRanges(t *testing.T) {
	for c := range 1 << 16 {
		want := c >= 1000 && c < 5000 && (c < 1015 || c >= 3000) && c != 1004 && c != 1005 && c != 1006
		if got := CloseCode(c).Sendable(); got != want {
			t.Errorf("%d: Sendable = %v", c, got)
		}
	}
}

func TestOpControl(t *testing.T) {
	for op, want := range map[Op]bool{OpContinuation: false, OpText: false, OpBinary: false, OpClose: true, OpPing: true, OpPong: true} {
		if op.Control() != want {
			t.Errorf("%v.Control() = %v", op, !want)
		}
	}
}
