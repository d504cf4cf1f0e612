package load

import (
	"slices"
	"testing"
)

func TestBodyRejectsChangedMessages(t *testing.T) {
	filling := newFilling(100)
	m := body{run: 0xdeadbeef, sender: 7, number: 1 << 31, due: 1 << 60}
	b := m.append(nil, filling)
	if got, ok := parseBody(b, filling); !ok || got != m || len(b) != 100 {
		t.Errorf("%+v, %v, %d", got, ok, len(b))
	}
	for i := range b {
		changed := slices.Clone(b)
		changed[i] ^= 0x80
		if got, ok := parseBody(changed, filling); ok {
			t.Errorf("byte %d changed: %+v", i, got)
		}
	}
	if _, ok := parseBody(b[:99], filling); ok {
		t.Error("a message without its last byte was accepted")
	}
}
