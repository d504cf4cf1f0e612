package metrics

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/config"
)

// TestLimitsReadDifferentCounters: no two limits read the same field, and each reads one.
func TestLimitsReadDifferentCounters(t *testing.T) {
	snap, seen := sample(), map[int64]string{}
	for limit, n := range snap.limits() {
		if n == 0 || seen[n] != "" {
			t.Errorf("%s is %d, as %q", limit, n, seen[n])
		}
		seen[n] = limit
	}
}

var (
	flagName = regexp.MustCompile("`--([a-z-]+)`")
	coded    = regexp.MustCompile("`([a-z_]+)`")
)

// TestLimitsAreDocumented: every limit in docs/operations.md is a key of the configuration and is counted under that key.
// Every counted limit, and every limit in docs/protocol.md, is in docs/operations.md.
func TestLimitsAreDocumented(t *testing.T) {
	snap := sample()
	counted, documented, flags := snap.limits(), map[string]bool{}, map[string]bool{}
	for _, row := range rows(t, "../../docs/operations.md", 5) {
		for _, limit := range coded.FindAllStringSubmatch(row[3], -1) {
			documented[limit[1]] = true
			if _, ok := counted[limit[1]]; !ok {
				t.Errorf("%s: nothing is counted as %s", row[0], limit[1])
			}
		}
		for _, flag := range flagName.FindAllStringSubmatch(row[0], -1) {
			key := strings.ReplaceAll(flag[1], "-", "_")
			if flags[key] = true; !documented[key] {
				t.Errorf("--%s is not counted as %s: %s", flag[1], key, row[3])
			}
			checkKey(t, key, row[2])
		}
	}
	for limit := range counted {
		if !documented[limit] {
			t.Errorf("%s is counted, but no row of the page says what it is", limit)
		}
	}
	for _, row := range rows(t, "../../docs/protocol.md", 4) {
		for _, flag := range flagName.FindAllStringSubmatch(row[2], -1) {
			if key := strings.ReplaceAll(flag[1], "-", "_"); !flags[key] && key != "ping_interval" {
				t.Errorf("the operators' page does not have --%s", flag[1])
			}
		}
	}
}

// rows returns the rows of the tables with this number of columns in the section Limits of a page.
func rows(t *testing.T, file string, columns int) (all [][]string) {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(section(t, string(page), "Limits")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if strings.Contains(line, "`--") && len(cells) == columns {
			all = append(all, cells)
		}
	}
	if len(all) < 10 {
		t.Fatalf("%s has only %d limits", file, len(all))
	}
	return all
}

// checkKey checks that the configuration has the key, and that a reload changes it if and only if the page says so.
func checkKey(t *testing.T, key, live string) {
	t.Helper()
	c := reflect.TypeFor[config.Config]()
	for i := range c.NumField() {
		if f := c.Field(i); f.Tag.Get("yaml") == key {
			if want := f.Tag.Get("live"); (want == "yes") != (strings.TrimSpace(live) == "yes") {
				t.Errorf("%s: the page says live: %s, the configuration %q", key, live, want)
			}
			return
		}
	}
	t.Errorf("there is no key %s", key)
}
