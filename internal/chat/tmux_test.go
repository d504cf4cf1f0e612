package chat

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const chatURL = "THRONG_TEST_CHAT_URL" // set in the process that chats inside tmux

// TestInsideTmux is the client in TestTmux.
func TestInsideTmux(t *testing.T) {
	url := os.Getenv(chatURL)
	if url == "" {
		t.Skip("only inside tmux")
	}
	if err := Run(context.Background(), Options{URL: url, Room: "lobby", Name: "ann", Color: "never"}); err != nil {
		t.Error(err)
	}
}

// tmux is a real terminal, which wraps rows again when its width changes.
type tmux struct {
	t    *testing.T
	sock string
}

func (m tmux) run(args ...string) string {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-u", "-S", m.sock, "-f", "/dev/null"}, args...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %s: %v\n%s", args, err, out)
	}
	return string(out)
}

// screen returns the text of the terminal, without empty rows at its end.
func (m tmux) screen() []string {
	return strings.Split(strings.TrimRight(m.run("capture-pane", "-p", "-t", "chat"), "\n "), "\n")
}

// until polls the screen until a condition is true; tmux reports no changes.
func (m tmux) until(what string, ok func(rows []string) bool) []string {
	m.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		rows := m.screen()
		if ok(rows) {
			return rows
		}
		if time.Now().After(end) {
			m.t.Fatalf("%s:\n%s", what, strings.Join(rows, "\n"))
		}
	}
}

// Ninety Han characters as a draft, messages that arrive meanwhile, and a window that changes its size leave
// one prompt and every message on the screen of a real terminal.
func TestTmux(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("no tmux")
	}
	f := newFake(t)
	dir, err := os.MkdirTemp("", "tmux") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := tmux{t, filepath.Join(dir, "s")}
	m.run("new-session", "-d", "-s", "chat", "-x", "80", "-y", "24", "-e", chatURL+"="+f.url(), os.Args[0], "-test.run=^TestInsideTmux$")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", m.sock, "kill-server").Run() })
	last := func(rows []string) string { return rows[len(rows)-1] }
	m.until("the client does not come up", func(rows []string) bool {
		return last(rows) == "lobby>" && strings.Contains(strings.Join(rows, "\n"), "1 here")
	})
	m.run("send-keys", "-t", "chat", "-l", strings.Repeat("你", 90))
	m.until("no draft", func(rows []string) bool { return strings.HasPrefix(last(rows), "lobby> <你") })
	m.run("send-keys", "-t", "chat", "Left", "Left", "BSpace", "End")
	m.until("the end is not shown", func(rows []string) bool { return !strings.HasSuffix(last(rows), ">") })
	for i, w := range []int{80, 50, 33, 80} {
		m.run("resize-window", "-t", "chat", "-x", strconv.Itoa(w), "-y", "24")
		// tmux wraps the rows at once and tells of the new size later.
		m.until("the draft is not painted anew", func(rows []string) bool { return strings.HasPrefix(last(rows), "lobby> <你") })
		text := "message " + strconv.Itoa(i)
		f.say("lobby", "bob", text, "")
		m.until(text+" does not come", func(rows []string) bool {
			return len(rows) > 1 && strings.HasSuffix(rows[len(rows)-2], "bob: "+text)
		})
	}
	rows := m.screen()
	all := strings.Join(rows, "\n")
	if n := strings.Count(all, "lobby>"); n != 1 || !strings.HasPrefix(last(rows), "lobby> <你") {
		t.Errorf("%d prompts:\n%s", n, all)
	}
	for i := range 4 {
		if strings.Count(all, "bob: message "+strconv.Itoa(i)) != 1 {
			t.Errorf("message %d is drawn over:\n%s", i, all)
		}
	}
	m.run("send-keys", "-t", "chat", "Enter")
	m.until("the message is not whole", func(rows []string) bool {
		return strings.Count(strings.Join(rows, ""), "你") == 89 && last(rows) == "lobby>"
	})
	if got := f.texts("lobby"); got[len(got)-1] != strings.Repeat("你", 89) {
		t.Errorf("sent %q", got[len(got)-1])
	}
}
