package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// savedRun writes the report of a run with that many messages and that age, and returns its path.
func savedRun(t *testing.T, messages int64, ago time.Duration) string {
	t.Helper()
	r := report.New("throng load echo ws://h", "echo", "ws://h")
	r.Started = r.Started.Add(-ago)
	r.Duration, r.Counters.Sent = time.Second, messages
	r.Phases.Record(report.Delivery, time.Duration(messages)*time.Millisecond)
	file := filepath.Join(t.TempDir(), "run.json")
	if err := r.SaveJSON(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoadReportShowsMergesAndCompares(t *testing.T) {
	a, b, old := savedRun(t, 100, 0), savedRun(t, 300, 0), savedRun(t, 100, 24*time.Hour)
	page := filepath.Join(t.TempDir(), "page.html")
	foreign := filepath.Join(t.TempDir(), "package.json")
	if err := os.WriteFile(foreign, []byte(`{"name":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cmd          loadReportCmd
		want, failed string
	}{
		"one":             {loadReportCmd{Files: []string{a}, HTML: page}, "100 messages", ""},
		"two":             {loadReportCmd{Files: []string{a, b}}, "Nothing is called better or worse", ""},
		"several":         {loadReportCmd{Files: []string{a, a, a}, Against: []string{b, b, b}}, "3.00  worse", ""},
		"one against two": {loadReportCmd{Files: []string{a}, Against: []string{b, b}}, "Nothing is called better or worse", ""},
		"against, merged": {loadReportCmd{Files: []string{a}, Against: []string{b}, Merge: true}, "", "--against compares"},
		"merged":          {loadReportCmd{Files: []string{a, b, a}, Merge: true}, "500 messages", ""},
		"three":           {loadReportCmd{Files: []string{a, b, a}}, "", "cannot be compared"},
		"comparison page": {loadReportCmd{Files: []string{a, b}, HTML: page}, "", "a comparison is text"},
		"foreign":         {loadReportCmd{Files: []string{a, foreign}}, "", "no report of throng load"},
		"other days":      {loadReportCmd{Files: []string{a, old}, Merge: true}, "", "not at the same time"},
		"absent":          {loadReportCmd{Files: []string{a + "x"}}, "", "no such file"},
	} {
		var out bytes.Buffer
		err := c.cmd.Run(&streams{out: &out, err: &out})
		var e *clierr.Error
		switch {
		case c.failed == "" && (err != nil || !strings.Contains(out.String(), c.want)):
			t.Errorf("%s: %v\n%s", name, err, out.String())
		case c.failed != "" && (!errors.As(err, &e) || e.Hint == "" || !strings.Contains(err.Error(), c.failed)):
			t.Errorf("%s: %v, want %q", name, err, c.failed)
		}
	}
	if b, err := os.ReadFile(page); err != nil || !bytes.HasPrefix(b, []byte("<!doctype html>")) {
		t.Error(err)
	}
}

// TestLoadFlagsAreDocumented: docs/load.md explains every flag of throng load and names no other.
func TestLoadFlagsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/load.md")
	if err != nil {
		t.Fatal(err)
	}
	flag := regexp.MustCompile("--[a-z][a-z-]+")
	known := map[string]bool{"--admin": true, "--dev": true, "--commands-per-second": true, "--bytes-per-second": true} // of serve
	for _, command := range []string{"run", "report"} {
		var help bytes.Buffer
		if code := run([]string{"load", command, "--help"}, &help, &help); code != 0 {
			t.Fatal(code, help.String())
		}
		for _, name := range flag.FindAllString(help.String(), -1) {
			known[name] = true
			if name != "--help" && name != "--version" && !bytes.Contains(page, []byte(name)) {
				t.Errorf("docs/load.md does not explain %s of throng load %s", name, command)
			}
		}
	}
	for _, name := range flag.FindAllString(string(page), -1) {
		if !known[name] {
			t.Errorf("docs/load.md has %s, which there is not", name)
		}
	}
}
