package docs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// The conversation of docs/protocol.md takes place: each line of the client is sent to a server, and the server's lines
// in between have the keys of the page, in any order.
func TestConversationOfProtocolPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "## A conversation")
	_, text, _ = strings.Cut(text, "```\n")
	text, _, _ = strings.Cut(text, "```")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws://"+serve(t, map[string]any{"ping_interval": 2 * time.Second, "pong_timeout": time.Second})+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	var heard []string
	next := func() string {
		for len(heard) == 0 {
			_, p, err := ws.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(p) {
				heard = append(heard, shape(t, line))
			}
		}
		line := heard[0]
		heard = heard[1:]
		return line
	}
	var want []string
	compare := func() {
		var got []string
		for range want {
			got = append(got, next())
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the page has\n%s\nand the server said\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
		want = nil
	}
	sent := 0
	for line := range strings.Lines(text) {
		if says, ok := strings.CutPrefix(line, "< "); ok {
			want = append(want, shape(t, []byte(says)))
			continue
		}
		compare()
		sent++
		if err := ws.Write(ctx, websocket.MessageText, []byte(strings.TrimPrefix(line, "> "))); err != nil {
			t.Fatal(err)
		}
	}
	compare()
	if sent < 4 {
		t.Errorf("only %d lines of a client were found", sent)
	}
}

// shape is a JSON value with sorted keys and without the values that change from run to run.
func shape(t *testing.T, line []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(line, &v); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return keys(v)
}

func keys(v any) string {
	object, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprintf("%T", v)
	}
	var all []string
	for k, v := range object {
		all = append(all, k+":"+keys(v))
	}
	slices.Sort(all)
	return "{" + strings.Join(all, " ") + "}"
}
