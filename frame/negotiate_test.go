package frame

import (
	"strings"
	"testing"

	"github.com/gobwas/httphead"
)

// TestAcceptDeflate is U17 and RFC 7692 section 7.1: what is accepted, and what is declined.
func TestAcceptDeflate(t *testing.T) {
	rows := []struct {
		offer string
		want  bool
	}{
		{"permessage-deflate", true},
		{"permessage-deflate; client_max_window_bits", true}, // browsers
		{"permessage-deflate; client_no_context_takeover; server_no_context_takeover", true},
		{"permessage-deflate; server_max_window_bits=15; client_max_window_bits=15", true},
		{`permessage-deflate; server_max_window_bits="15"`, true},
		{"permessage-deflate; server_max_window_bits=9", false},
		{"permessage-deflate; client_max_window_bits=7", false},
		{"permessage-deflate; client_max_window_bits=10", false},
		{"permessage-deflate; client_max_window_bits=16", false},
		{"permessage-deflate; server_max_window_bits", false}, // needs a value: section 7.1.2.1
		{"permessage-deflate; server_max_window_bits=015", false},
		{"permessage-deflate; server_no_context_takeover=1", false},
		{"permessage-deflate; client_no_context_takeover=true", false},
		{"permessage-deflate; client_no_context_takeover; client_no_context_takeover", false},
		{"permessage-deflate; client_max_window_bits; client_max_window_bits=15", false},
		{"permessage-deflate; unknown", false},
		{"permessage-deflate" + strings.Repeat("; x", 1000), false},
		{"x-webkit-deflate-frame", false},
		{"permessage-bzip2", false},
	}
	for _, row := range rows {
		opts, ok := httphead.ParseOptions([]byte(row.offer), nil)
		if !ok || len(opts) != 1 {
			t.Fatalf("%q does not parse", row.offer)
		}
		answer, ok := AcceptDeflate(opts[0])
		if ok != row.want {
			t.Errorf("%q: accepted = %v", row.offer, ok)
		}
		if ok {
			checkAnswer(t, row.offer, answer)
		}
	}
}
