package wire

import (
	"bytes"
	"testing"

	"github.com/gobwas/ws"
)

func TestNumber(t *testing.T) {
	tmpl := NewTemplate([]byte(`{"publish":{"data":"` + string(Body(100)) + `"}}`))
	for _, n := range []uint32{0, 1, 15, 16, 0xFFFF, 0x10000, 0x12345678, 0xFFFFFFFF} {
		tmpl.Number(n)
		f := bytes.Clone(tmpl.Frame)
		h := ParseHeader(f)
		if h.Op != OpText || h.Size+h.Length != len(f) {
			t.Fatalf("%+v of %d bytes", h, len(f))
		}
		payload := f[h.Size:]
		ws.Cipher(payload, [4]byte(f[h.Size-4:h.Size]), 0)
		at := FindBody(payload, -1)
		if at < 0 || FindBody(payload, at) != at || FindBody(payload, at+1) != at {
			t.Fatalf("no body in %q", payload)
		}
		if got := Number(payload[at:]); got != n {
			t.Errorf("wrote %x, read %x", n, got)
		}
	}
}

func TestFindBody(t *testing.T) {
	for _, p := range []string{"", "~throng", "~throng~AAAAAAA", `{"id":3,"publish":{}}`} {
		if at := FindBody([]byte(p), 0); at >= 0 {
			t.Errorf("a body at %d of %q", at, p)
		}
	}
}

func TestParseHeader(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65535, 65536} {
		f := Masked(OpPing, make([]byte, size))
		h := ParseHeader(f)
		if h.Op != OpPing || h.Length != size || h.Size+size != len(f) {
			t.Errorf("%d bytes: %+v", size, h)
		}
		for n := range h.Size {
			if p := ParseHeader(f[:n]); p.Size != 0 {
				t.Errorf("%d of %d header bytes: %+v", n, h.Size, p)
			}
		}
	}
}

func TestCentrifuge(t *testing.T) {
	p, err := NewProtocol("centrifuge", "")
	if err != nil {
		t.Fatal(err)
	}
	ok, err := p.Joined([]byte(`{"id":1,"connect":{}}` + "\n" + `{"id":2,"subscribe":{}}`))
	if !ok || err != nil {
		t.Errorf("joined: %v %v", ok, err)
	}
	if _, err := p.Joined([]byte(`{"id":2,"error":{"code":103,"message":"permission denied"}}`)); err == nil {
		t.Error("an error counts as joined")
	}
}

// A frame may have several messages, one a line, and a heartbeat among them.
func TestHeartbeatAmongMessages(t *testing.T) {
	p, err := NewProtocol("centrifuge", "")
	if err != nil {
		t.Fatal(err)
	}
	const push = `{"push":{"channel":"a","pub":{"data":{}}}}`
	for payload, want := range map[string]string{
		"{}": "{}", "{}\n": "{}", push + "\n{}": "{}", "{}\n" + push: "{}", push + "\n{}\n" + push + "\n": "{}",
		"": "", push: "", push + "\n" + push: "", `{"id":1}`: "",
	} {
		if got := string(p.Heartbeat([]byte(payload))); got != want {
			t.Errorf("%q answered %q, want %q", payload, got, want)
		}
	}
}
