package protocol

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// section is the part of docs/protocol.md below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(b), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("no section %s", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// codeRows are the rows of the section's table by code, each with its cells.
func codeRows(text string) map[int][][]string {
	found := map[int][][]string{}
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for _, code := range regexp.MustCompile(`^[\d, ]+$`).FindAllString(cells[0], -1) {
			for one := range strings.SplitSeq(code, ",") {
				if n, err := strconv.Atoi(strings.TrimSpace(one)); err == nil {
					found[n] = append(found[n], cells)
				}
			}
		}
	}
	return found
}

// TestErrorsAreDocumented: each code is in the table with its text, whether to retry, and the reason, or is listed as
// not sent.
func TestErrorsAreDocumented(t *testing.T) {
	text := section(t, "Errors")
	rows := codeRows(text)
	for _, e := range Errors() {
		if len(rows[int(e.Code)]) == 0 && !regexp.MustCompile(fmt.Sprintf(`\b%d\b`, e.Code)).MatchString(text) {
			t.Errorf("%d is not mentioned", e.Code)
		}
		temporary := false
		for _, r := range rows[int(e.Code)] {
			if len(r) != 4 || strings.TrimSpace(r[1]) != e.Message || strings.TrimSpace(r[3]) == "" {
				t.Errorf("%d: the row is %q", e.Code, r)
				continue
			}
			temporary = temporary || strings.HasPrefix(strings.TrimSpace(r[3]), "temporary")
		}
		if len(rows[int(e.Code)]) > 0 && e.Temporary && !temporary {
			t.Errorf("%d is temporary and documented as permanent", e.Code)
		}
	}
}

// TestDisconnectsAreDocumented: whether the SDKs reconnect follows from the range of the code.
func TestDisconnectsAreDocumented(t *testing.T) {
	rows := codeRows(section(t, "Disconnects"))
	for code, row := range rows {
		r := row[0]
		if len(r) != 5 {
			t.Errorf("%d: the row is %q", code, r)
			continue
		}
		if says := strings.HasPrefix(strings.TrimSpace(r[3]), "comes back"); says != Reconnects(uint16(code)) {
			t.Errorf("%d: documented as %q", code, r[3])
		}
	}
	for _, d := range []*Disconnect{ // the disconnects that throng sends
		DisconnectShutdown, DisconnectServerError, DisconnectExpired, DisconnectSlow, DisconnectNoPong, DisconnectTooManyRequests,
		DisconnectInvalidToken, DisconnectBadRequest, DisconnectStale, DisconnectConnectionLimit, DisconnectInappropriateFormat,
	} {
		if r := rows[int(d.Code)]; len(r) != 1 || strings.TrimSpace(r[0][1]) != d.Reason {
			t.Errorf("%d %s: the row is %q", d.Code, d.Reason, r)
		}
	}
}

// TestBadRequestsAreDocumented: docs/protocol.md has each message verbatim.
func TestBadRequestsAreDocumented(t *testing.T) {
	text := section(t, "Errors")
	for _, e := range BadRequests() {
		if e.Code != ErrBadRequest.Code || e.Temporary || !strings.Contains(text, "`"+e.Message+"`") {
			t.Errorf("%d %q is not documented", e.Code, e.Message)
		}
	}
}

// TestCodesHaveTroubleshooting: each error code and close code of docs/protocol.md has a row under Troubleshooting in
// docs/operations.md.
func TestCodesHaveTroubleshooting(t *testing.T) {
	b, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(b), "\n## Troubleshooting\n")
	if !found {
		t.Fatal("no section Troubleshooting")
	}
	explained := codeRows(text)
	for _, heading := range []string{"Errors", "Disconnects"} {
		for code := range codeRows(section(t, heading)) {
			if explained[code] == nil {
				t.Errorf("%d of %s is not explained", code, heading)
			}
		}
	}
}
