package clierr

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
		code int
	}{
		{"none", nil, "", 0},
		{"plain", errors.New("it broke"), "throng: error: it broke\n", 1},
		{"hint", Errorf("mend it", "it broke"), "throng: error: it broke\nthrong: hint: mend it\n", 1},
		{"no hint", Errorf("", "it broke"), "throng: error: it broke\n", 1},
		{"hostile", Errorf("try\x1b[2J", "it said \u009b31m\r\nthrong: error: \u202eforged"), "throng: error: it said \ufffd31m throng: error: \ufffdforged\nthrong: hint: try\ufffd[2J\n", 1},
		{"long", errors.New(strings.Repeat("x", 1<<20)), "throng: error: " + strings.Repeat("x", maxReported-1) + "…\n", 1},
		{"wrapped", fmt.Errorf("chat: %w", Usagef("say it so", "wrong")), "throng: error: chat: wrong\nthrong: hint: say it so\n", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			Report(&b, c.err)
			if b.String() != c.want {
				t.Errorf("Report: %q, want %q", b.String(), c.want)
			}
			if got := ExitCode(c.err); got != c.code {
				t.Errorf("ExitCode: %d, want %d", got, c.code)
			}
		})
	}
}

func TestUnwrap(t *testing.T) {
	if !errors.Is(Errorf("", "open: %w", fs.ErrNotExist), fs.ErrNotExist) {
		t.Error("the cause is not found through Error")
	}
}
