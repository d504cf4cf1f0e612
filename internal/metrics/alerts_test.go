package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"go.yaml.in/yaml/v3"
)

var selector = regexp.MustCompile(`(\w+)\{(\w+)=(~?)"([^"]*)"\}`)

// TestAlertRules: every rule of deploy/alerts.yml is complete, and its metrics, labels and label values are those of a
// scrape. Its alerts are described in docs/operations.md.
func TestAlertRules(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	known, values, alerts := names(t), labelValues(t), 0
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			alerts++
			if rule.Alert == "" || rule.Expr == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" {
				t.Errorf("incomplete: %+v", rule)
			}
			if !strings.Contains(string(page), "`"+rule.Alert+"`") {
				t.Errorf("docs/operations.md does not describe %s", rule.Alert)
			}
			if strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
				t.Errorf("%s: %s", rule.Alert, rule.Expr)
			}
			for _, name := range metricName.FindAllString(rule.Expr, -1) {
				if !known[name] {
					t.Errorf("%s: there is no metric %s", rule.Alert, name)
				}
			}
			for _, m := range selector.FindAllStringSubmatch(rule.Expr, -1) {
				for value := range strings.SplitSeq(m[4], "|") {
					if m[1] != "up" && !slices.Contains(values[m[1]+" "+m[2]], value) {
						t.Errorf("%s: %s has no label %s with the value %s, but %q", rule.Alert, m[1], m[2], value, values[m[1]+" "+m[2]])
					}
				}
			}
		}
	}
	if alerts < 10 {
		t.Errorf("only %d alerts were found", alerts)
	}
}

// labelValues are the values of a scrape, by the name of the metric and of the label.
func labelValues(t *testing.T) map[string][]string {
	t.Helper()
	families, err := Registry(sample).Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	each := func(name string, m *dto.Metric) {
		for _, l := range m.GetLabel() {
			key := name + " " + l.GetName()
			all[key] = append(all[key], l.GetValue())
		}
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			each(f.GetName(), m)
		}
	}
	return all
}
