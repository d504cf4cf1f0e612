package chat

import (
	"net/url"
	"strings"

	"github.com/throngd/throng/internal/clierr"
)

// defaultPath is where a throng server speaks the Centrifuge client protocol.
const defaultPath = "/connection/websocket"

const targetHint = "write it as ws://HOST:PORT, wss://HOST or just HOST:PORT, for example: throng chat localhost:8080 lobby"

// target turns what a person typed into the WebSocket URL to dial. http and https become ws and wss, a bare HOST:PORT
// becomes ws, a missing path becomes defaultPath.
func target(typed string) (string, error) {
	if typed == "" {
		return "", clierr.Usagef(targetHint, "the server's URL is missing")
	}
	if !strings.Contains(typed, "://") {
		typed = "ws://" + typed
	}
	u, err := url.Parse(typed)
	if err != nil {
		return "", clierr.Usagef(targetHint, "the server's URL cannot be read: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", clierr.Usagef(targetHint, "cannot chat over %q", u.Scheme)
	}
	if u.Hostname() == "" {
		return "", clierr.Usagef(targetHint, "the server's URL %q names no host", typed)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = defaultPath
	}
	u.Fragment = "" // RFC 6455 section 3: no fragment in a WebSocket URL
	// The SDK takes a comma for a list of servers; in a path or a query it is only a character.
	return strings.ReplaceAll(u.String(), ",", "%2C"), nil
}
