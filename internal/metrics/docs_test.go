package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// names returns the names of the metrics of a scrape, and those of the series of histograms.
func names(t *testing.T) map[string]bool {
	t.Helper()
	families, err := Registry(sample).Gather()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range families {
		known[f.GetName()] = true
		if f.GetType() == dto.MetricType_HISTOGRAM {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				known[f.GetName()+suffix] = true
			}
		}
	}
	return known
}

var metricName = regexp.MustCompile(`\b(?:throng|go|process)_[a-z0-9_]+`)

// base returns the name of a metric without the suffix of a histogram's series.
func base(name string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if b, ok := strings.CutSuffix(name, suffix); ok {
			return b
		}
	}
	return name
}

// checkNames checks that a text names every metric of throng, and no others.
func checkNames(t *testing.T, text string) {
	t.Helper()
	known, named := names(t), map[string]bool{}
	for _, name := range metricName.FindAllString(text, -1) {
		if !known[name] {
			t.Errorf("there is no metric %s", name)
		}
		named[base(name)] = true
	}
	for name := range known {
		if strings.HasPrefix(name, "throng_") && !named[base(name)] {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestDashboardNamesEveryMetric also checks that ids are unique and expressions balanced.
func TestDashboardNamesEveryMetric(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &dashboard); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	ids := map[int]bool{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] {
			t.Errorf("two panels with id %d, %s", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			if strings.Count(target.Expr, "(") != strings.Count(target.Expr, ")") || target.Expr == "" {
				t.Errorf("%s: %q", p.Title, target.Expr)
			}
			all.WriteString(target.Expr + "\n")
		}
	}
	checkNames(t, all.String())
}

func TestOperationsPageNamesEveryMetric(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	checkNames(t, section(t, string(page), "Metrics"))
}

// section returns the text under a heading of a page.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(page, "\n## "+heading+"\n")
	if !found {
		t.Fatal("no section " + heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}
