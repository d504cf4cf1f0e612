package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

// nestedMerges is a mapping that merges the one before it many times, which merges the one before it ...
func nestedMerges(levels, width int, item string) string {
	var b strings.Builder
	fmt.Fprintf(&b, item, "&n0", "presence: true")
	for i := 1; i < levels; i++ {
		merges := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*n%d, ", i-1), width), ", ")
		fmt.Fprintf(&b, item, fmt.Sprintf("&n%d", i), "<<: ["+merges+"]")
	}
	return b.String()
}

// TestExpansionIsBounded: a few KB of aliases and merges are refused at once, with the line at which it is too much.
func TestExpansionIsBounded(t *testing.T) {
	namespaces := nestedMerges(25, 9, "  - %s {name: a, %s}\n")
	rooms := nestedMerges(25, 9, "    - %s {%s}\n")
	for name, text := range map[string]string{
		"namespaces":         "channel:\n  namespaces:\n" + namespaces,
		"rooms":              "channel:\n  without_namespace:\n    <<:\n" + rooms,
		"top level":          "<<:\n" + nestedMerges(25, 9, "  - %s {%s}\n"),
		"wide":               "channel:\n  namespaces:\n" + nestedMerges(3, 2000, "  - %s {name: a, %s}\n"),
		"a long way down":    "channel:\n  namespaces:\n" + nestedMerges(10_000, 1, "  - %s {name: a, %s}\n"),
		"list of one alias":  "channel:\n  namespaces: [&a {name: a}, " + strings.Repeat("*a,", 300_000) + "*a]\n",
		"merge of itself":    "channel:\n  without_namespace: &n0 {<<: *n0}\n",
		"alias of itself":    "channel: &n0\n  without_namespace: *n0\n",
		"one without end":    "client: &n0 {<<: [*n0, *n0, *n0]}\n",
		"merges on one node": "client: &c {connect_name_as_info: true}\nchannel:\n  without_namespace: {<<: [" + strings.Repeat("*c,", 300_000) + "*c]}\n",
	} {
		began := time.Now()
		_, err := load(t, text, nil, nil)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: %v", name, took)
		}
		var e *clierr.Error
		if !errors.As(err, &e) || !e.Usage || !regexp.MustCompile(`\.yaml:\d+: `).MatchString(err.Error()) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := load(t, "", []string{EnvName("channel.namespaces") + "=" + strings.ReplaceAll(nestedMerges(25, 9, "- %s {name: a, %s}\n"), "  ", " ")}, nil)
	if err == nil || !strings.Contains(err.Error(), "aliases and merges") {
		t.Error(err)
	}
}

// TestManyMergesAreAllowed: a file with 5,000 namespaces and merges is below the bound.
func TestManyMergesAreAllowed(t *testing.T) {
	var b strings.Builder
	b.WriteString("channel:\n  without_namespace: &all\n")
	for i, key := range []string{"presence", "join_leave", "force_push_join_leave", "allow_subscribe_for_client", "allow_publish_for_client"} {
		fmt.Fprintf(&b, "    %s: %v\n", key, i >= 0)
	}
	b.WriteString("  namespaces:\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "    - {name: n%d, <<: *all, history_size: 10, history_ttl: 1m}\n", i)
	}
	l := mustLoad(t, b.String(), nil, nil)
	if n := len(l.Channel.Namespaces); n != 5000 || !l.Channel.Namespaces[4999].JoinLeave {
		t.Errorf("%d namespaces", n)
	}
}
