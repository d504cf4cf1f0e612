package result

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	text := `{"date":"2026-11-22T17:27:20Z","pinned":true,"works":[
		{"name":"b","kind":"fanout","args":["--members","1000","--inflight","16"]},
		{"name":"a","kind":"fanout","args":["--members","1000","--inflight","1"]},
		{"name":"c","kind":"fanout","args":["--members","1000","--inflight","1","--churn","2"]},
		{"name":"d","kind":"fanout","args":["--rooms","10","--members","1000","--inflight","1"]}],
		"servers":[{"name":"s"},{"name":"t"},{"name":"v"},{"name":"w"}],
		"cells":[{"server":"v","work":"a","fault":"did not start: v is not in the PATH"},{"server":"v","work":"b","fault":"-"},
		{"server":"w","work":"a","fault":"did not start: w is not in the PATH"},{"server":"w","work":"b","rounds":[{"rate":1}]},
		{"server":"s","work":"a","rounds":[{"rate":3},{"rate":1},{"rate":2}]},
		{"server":"t","work":"a","rounds":[{"rate":3},{"fault":"lost: 3 deliveries"}],"fault":"lost: 3 deliveries"},
		{"server":"u","work":"a","rounds":[{"fault":"-"}],"fault":"-"}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	rate := func(r Result) float64 { return r.Rate }
	if works := r.Room(1000); len(works) != 2 || works[0].Name != "a" || works[1].Name != "b" {
		t.Errorf("works of a room of 1,000: %v", works)
	}
	if c := r.Cell("s", "a"); c.MedianOf(rate) != 2 || c.Failure() != "" || c.Empty() {
		t.Errorf("%+v", c)
	}
	if c := r.Cell("t", "a"); c.MedianOf(rate) != 0 || c.Failure() != "LOST" {
		t.Errorf("lost messages have a figure: %+v", c)
	}
	if !r.Cell("u", "a").Empty() || !r.Cell("nobody", "a").Empty() || r.Rounds() != 3 {
		t.Error("a cell that was not measured is not empty")
	}
	if len(r.Missing) != 1 || r.Missing[0] != "v" || len(r.Servers) != 3 || r.Cell("v", "a") != nil || r.Cell("w", "a").Failure() != "FAILED" {
		t.Errorf("missing: %q of %v, want only v", r.Missing, r.Servers)
	}
	for _, bad := range []string{"", "{}", "[]"} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
