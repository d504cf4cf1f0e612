package docs

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/server"
)

// useFromGo is the snippet of the README, with printed in place of fmt.Println and url in place of the address.
func useFromGo(ctx context.Context, url string, printed func(string)) (c *centrifuge.Client, err error) {
	// README begins
	client := centrifuge.NewJsonClient(url, centrifuge.Config{}) // github.com/centrifugal/centrifuge-go
	room, err := client.NewSubscription("lobby")
	room.OnPublication(func(e centrifuge.PublicationEvent) { printed(string(e.Data)) })
	if err := errors.Join(err, room.Subscribe(), client.Connect()); err != nil {
		return nil, err
	}
	_, err = room.Publish(ctx, []byte(`{"text":"hello"}`)) // returns when the message is stored
	// README ends
	return client, err
}

// The README contains the function above, and the function works.
func TestGoSnippetOfReadme(t *testing.T) {
	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, snippet, _ := strings.Cut(string(source), "// README begins\n")
	snippet, _, _ = strings.Cut(snippet, "\t// README ends\n")
	snippet = strings.NewReplacer("\n\t", "\n", "(url,", `("ws://localhost:8080/ws",`, "printed(", "fmt.Println(", "return nil, err", "log.Fatal(err)").Replace("\n" + snippet)
	if !strings.Contains(string(page), snippet) {
		t.Errorf("README.md does not have%s", snippet)
	}

	got := make(chan string, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	client, err := useFromGo(ctx, "ws://"+serve(t, nil)+"/ws", func(text string) { got <- text })
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	select {
	case text := <-got:
		if text != `{"text":"hello"}` {
			t.Error(text)
		}
	case <-ctx.Done():
		t.Error("the message did not come back")
	}
}

// serve runs a server as make run does, with flags on top, and returns its address.
func serve(t *testing.T, flags map[string]any) string {
	t.Helper()
	all := map[string]any{"listen": "127.0.0.1:0", "dev": true, "drain": time.Duration(0)}
	maps.Copy(all, flags)
	cfg, err := config.Load(config.Layers{Flags: all})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Resolve(1000)
	s, err := server.New(&cfg.Config, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		<-served
	})
	return s.Addr().String()
}
