package protocol

import (
	"errors"
	"strings"
	"testing"
)

// TestBadRequestNamesTheRule: the first rule that is broken stands in the message, and errors.Is finds the code.
func TestBadRequestNamesTheRule(t *testing.T) {
	for _, tt := range []struct {
		frame string
		want  *Error
	}{
		{`{"id":1,"publish":{"channel":"c","data":{"text":"a\u0000b"}}}`, ErrNUL},
		{`{"id":1,"publish":{"channel":"c","data":"\ud83d"}}`, ErrSurrogate},
		{`{"id":1,"publish":{"channel":"c","data":1e999}}`, ErrInfiniteNumber},
		{`{"id":1,"publish":{"channel":"c","data":` + strings.Repeat("9", maxNumber+1) + `}}`, ErrLongNumber},
		{`{"id":1,"publish":{"channel":"c","data":{"a":1,"a":2}}}`, ErrDuplicateKey},
		{`{"id":1,"publish":{"channel":"c","data":` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `}}`, ErrTooDeep},
		{`{"id":1,"ping":{},"rpc":{}}`, ErrTwoMethods},
		{`{"id":1,"publish":{"channel":"\u0000","data":{"a":1e999,"a":1}}}`, ErrNUL},
	} {
		_, err := NewReader([]byte(tt.frame)).Next()
		if err != error(tt.want) || !errors.Is(err, ErrBadRequest) {
			t.Errorf("%.60s: %v, want %v", tt.frame, err, tt.want)
		}
	}
	if errors.Is(ErrLimitExceeded, ErrBadRequest) || errors.Is(ErrMalformed, ErrBadRequest) {
		t.Error("errors of other codes are taken for 107")
	}
}

// TestBadRequestsAreDocumented: each message stands in docs/protocol.md, word for word.
func TestBadRequestsAreDocumented(t *testing.T) {
	text := section(t, "Errors")
	for _, e := range BadRequests() {
		if e.Code != ErrBadRequest.Code || e.Temporary || !strings.Contains(text, "`"+e.Message+"`") {
			t.Errorf("%d %q is not documented", e.Code, e.Message)
		}
	}
}
