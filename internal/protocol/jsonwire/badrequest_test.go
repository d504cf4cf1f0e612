package jsonwire

import (
	"errors"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/protocol"
)

// TestBadRequestNamesTheRule: the message names the first broken rule, and errors.Is finds the code.
func TestBadRequestNamesTheRule(t *testing.T) {
	for _, tt := range []struct {
		frame string
		want  *protocol.Error
	}{
		{`{"id":1,"publish":{"channel":"c","data":{"text":"a\u0000b"}}}`, protocol.ErrNUL},
		{`{"id":1,"publish":{"channel":"c","data":"\ud83d"}}`, protocol.ErrSurrogate},
		{`{"id":1,"publish":{"channel":"c","data":1e999}}`, protocol.ErrInfiniteNumber},
		{`{"id":1,"publish":{"channel":"c","data":` + strings.Repeat("9", maxNumber+1) + `}}`, protocol.ErrLongNumber},
		{`{"id":1,"publish":{"channel":"c","data":{"a":1,"a":2}}}`, protocol.ErrDuplicateKey},
		{`{"id":1,"publish":{"channel":"c","data":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `}}`, protocol.ErrTooDeep},
		{`{"id":1,"ping":{},"rpc":{}}`, protocol.ErrTwoMethods},
		{`{"id":1,"publish":{"channel":"\u0000","data":{"a":1e999,"a":1}}}`, protocol.ErrNUL},
	} {
		_, err := NewReader([]byte(tt.frame)).Next()
		if err != error(tt.want) || !errors.Is(err, protocol.ErrBadRequest) {
			t.Errorf("%.60s: %v, want %v", tt.frame, err, tt.want)
		}
	}
	if errors.Is(protocol.ErrLimitExceeded, protocol.ErrBadRequest) || errors.Is(protocol.ErrMalformed, protocol.ErrBadRequest) {
		t.Error("errors of other codes are taken for 107")
	}
}
