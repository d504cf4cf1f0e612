package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

// ran is a run of 100 publishes in one room of 10, of which some were refused.
func ran(refused int64) *Report {
	r := New("", "fanout", "")
	r.Asked, r.Opened = 10, 10
	c := &r.Counters
	c.Rooms, c.Sent, c.Refused, c.Acknowledged = 1, 100, refused, 100-refused
	c.Delivered = 10 * c.Acknowledged
	c.Checked = c.Delivered
	for i := range c.Acknowledged {
		r.Phases.Record(Delivery, time.Duration(i+1)*time.Millisecond)
	}
	return r
}

// A run in which nothing was delivered has not passed.
func TestJudgeAppliesRules(t *testing.T) {
	for name, c := range map[string]struct {
		run   *Report
		rules Rules
		want  string
	}{
		"good":            {ran(0), Rules{MaxRefused: .01}, ""},
		"few refused":     {ran(1), Rules{MaxRefused: .01}, ""},
		"many refused":    {ran(2), Rules{MaxRefused: .01}, "2 of 100 publishes were refused, more than 1 %"},
		"allowed":         {ran(50), Rules{MaxRefused: .5}, ""},
		"all refused":     {ran(100), Rules{MaxRefused: 1}, "nothing was delivered"},
		"none may be":     {ran(1), Rules{}, "1 of 100 publishes were refused, more than 0 %"},
		"nothing sent":    {&Report{Scenario: "idle"}, Rules{}, "nothing was checked"},
		"interrupted":     {&Report{Scenario: "idle", Interrupted: true}, Rules{}, ""},
		"failed already":  {&Report{Scenario: "idle", Err: "no"}, Rules{}, ""},
		"connect":         {&Report{Scenario: "connect", Opened: 5}, Rules{}, ""},
		"threshold met":   {ran(0), Rules{FailIf: thresholds(t, "delivery.p99>50ms")}, "delivery.p99>50ms: it was 99"},
		"threshold unmet": {ran(0), Rules{FailIf: thresholds(t, "delivery.p99>100ms", "delivery.max>=200ms", "refused>0", "errors>0", "opened<10", "delivered<100%")}, ""},
		"share":           {ran(1), Rules{MaxRefused: 1, FailIf: thresholds(t, "refused >= 1%")}, "refused >= 1%: it was 1 %"},
		"fewer":           {&Report{Scenario: "connect", Opened: 9, Asked: 10}, Rules{FailIf: thresholds(t, "opened<100%")}, "it was 90 %"},
		"not measured":    {ran(0), Rules{FailIf: thresholds(t, "tls.p50>1s")}, "not measured"},
	} {
		c.run.Judge(c.rules)
		got := strings.Join(c.run.Failures, "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if c.want != "" && (c.run.OK() || !strings.HasPrefix(c.run.verdict(), "FAILED: ")) {
			t.Errorf("%s: %s", name, c.run.verdict())
		}
	}
}

func thresholds(t *testing.T, texts ...string) (all []Threshold) {
	t.Helper()
	for _, text := range texts {
		th, err := ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, th)
	}
	return all
}

func TestParseThresholdRefuses(t *testing.T) {
	for _, text := range []string{
		"", ">", "delivery", "delivery>1s", "delivery.p98>1s", "delivery.p99=1s", "delivery.p99>", "delivery.p99>1", "delivery.p99>-1s",
		"sent>1", "refused>x", "refused>-1", "refused>NaN", "errors>1%", "flight.p99>1s", "delivery.p99>1%",
	} {
		_, err := ParseThreshold(text)
		var e *clierr.Error
		if !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSummary(t *testing.T) {
	for want, r := range map[string]*Report{
		"0 of 5 connections were open.":                {Asked: 5},
		"7 connections were opened and closed in 1 s.": {Scenario: "connect", Opened: 7, Asked: 7, Duration: time.Second},
		"10 of 10 connections were open; 100 messages were sent, all of them refused, and nothing was delivered.":                                                 ran(100),
		"10 of 10 connections were open; 100 messages were sent, 1 of them refused, and 990 were delivered, half of them within 50.0 ms and 99 % within 98.0 ms.": ran(1),
	} {
		if got := r.Summary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
