package frame

import (
	"fmt"
	"strings"
	"testing"
)

// The rows are the parameters and values of RFC 7692 section 7.1.
func TestAcceptDeflate(t *testing.T) {
	const both = "; server_no_context_takeover; client_no_context_takeover"
	rows := []struct {
		section, params string
		answer          string // its parameters; empty: declined
		window          int
	}{
		{"7", "", both, 15},
		// 7.1: unknown names, values that are not defined, and repetition are declined.
		{"7.1", "; unknown", "", 0},
		{"7.1", strings.Repeat("; x", 1000), "", 0},
		{"7.1", "; Server_no_context_takeover", "", 0},
		{"7.1", "; server_no_context_takeover; server_no_context_takeover", "", 0},
		{"7.1", "; client_no_context_takeover; client_no_context_takeover", "", 0},
		{"7.1", "; server_max_window_bits=10; server_max_window_bits=10", "", 0},
		{"7.1", "; client_max_window_bits; client_max_window_bits=15", "", 0},
		{"7.1", "; client_max_window_bits; server_no_context_takeover; unknown=1", "", 0},
		// 7.1.1.1: no value; the server may answer with it though it was not offered.
		{"7.1.1.1", "; server_no_context_takeover", both, 15},
		{"7.1.1.1", "; server_no_context_takeover=1", "", 0},
		{"7.1.1.1", `; server_no_context_takeover=""`, "", 0},
		// 7.1.1.2: the same of the other side.
		{"7.1.1.2", "; client_no_context_takeover", both, 15},
		{"7.1.1.2", "; client_no_context_takeover=true", "", 0},
		{"7.1.1.2", "; client_no_context_takeover; server_no_context_takeover", both, 15},
		// 7.1.2.1: a value is needed, and a server that accepts answers with the same or a smaller one.
		{"7.1.2.1", "; server_max_window_bits", "", 0},
		{"7.1.2.1", `; server_max_window_bits="12"`, both + "; server_max_window_bits=12", 12},
		{"7.1.2.1", "; server_max_window_bits=09", "", 0},
		{"7.1.2.1", "; server_max_window_bits=015", "", 0},
		{"7.1.2.1", "; server_max_window_bits=+9", "", 0},
		{"7.1.2.1", "; server_max_window_bits=9.0", "", 0},
		{"7.1.2.1", "; server_max_window_bits=0x9", "", 0},
		{"7.1.2.1", "; server_max_window_bits=99999999999999999999", "", 0},
		{"7.1.2.1", `; server_max_window_bits=""`, "", 0},
		{"7.1.2.1", "; server_max_window_bits=x", "", 0},
		// 7.1.2.2: with or without a value, and the server may leave it out of the answer.
		{"7.1.2.2", "; client_max_window_bits", both, 15},
		{"7.1.2.2", `; client_max_window_bits="10"`, both, 15},
		{"7.1.2.2", `; client_max_window_bits=""`, "", 0},
		{"7.1.2.2", "; client_max_window_bits=010", "", 0},
		{"7.1.2.2", "; client_max_window_bits=x", "", 0},
		// What clients send: browsers, Autobahn's 13.3 and 13.5, python3-websockets.
		{"clients", "; client_max_window_bits", both, 15},
		{"clients", "; client_no_context_takeover; client_max_window_bits; server_max_window_bits=9", both + "; server_max_window_bits=9", 9},
		{"clients", "; server_no_context_takeover; client_max_window_bits; server_max_window_bits=9", both + "; server_max_window_bits=9", 9},
		{"clients", "; server_max_window_bits=12; client_max_window_bits=12", both + "; server_max_window_bits=12", 12},
	}
	for n := range 20 { // 7.1.2: every value
		server, client := "", ""
		if n >= 8 && n <= 15 {
			server, client = fmt.Sprint(both, "; server_max_window_bits=", n), both
		}
		rows = append(rows, struct {
			section, params, answer string
			window                  int
		}{"7.1.2.1", fmt.Sprint("; server_max_window_bits=", n), server, n})
		rows = append(rows, struct {
			section, params, answer string
			window                  int
		}{"7.1.2.2", fmt.Sprint("; client_max_window_bits=", n), client, 15})
	}
	for _, row := range rows {
		answer, window := accepted(t, extensionName+row.params)
		switch {
		case row.answer == "" && answer != "":
			t.Errorf("%s: %.80q is accepted with %q", row.section, row.params, answer)
		case row.answer != "" && (answer != despace(extensionName+row.answer) || window != row.window):
			t.Errorf("%s: %q is answered with %q, window %d, want %q, %d", row.section, row.params, answer, window, row.answer, row.window)
		}
	}
	for _, other := range []string{"x-webkit-deflate-frame", "permessage-bzip2", "Permessage-Deflate"} {
		if answer, _ := accepted(t, other); answer != "" {
			t.Errorf("%q is accepted with %q", other, answer)
		}
	}
}

// accepted returns the response to an offer, without blanks, and the window. The response is empty if it is declined.
func accepted(t *testing.T, offer string) (response string, window int) {
	t.Helper()
	name, rest, _ := strings.Cut(offer, ";")
	var params []Param
	for p := range strings.SplitSeq(rest, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(p), "=")
		if name == "" {
			continue
		}
		param := Param{Name: []byte(name)}
		if ok {
			param.Value = []byte(strings.Trim(value, `"`))
		}
		params = append(params, param)
	}
	response, window, ok := AcceptDeflate([]byte(name), params)
	if !ok {
		return "", 0
	}
	return despace(response), window
}
