package chat

import (
	"io"
	"os"
	"os/user"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// maxRoomName is the longest room name that a server can allow, in bytes (channel.max_length).
const maxRoomName = 4096

// Bounds of Options.MaxMessage.
const (
	defaultMaxMessage = 8 << 20
	minMaxMessage     = 1 << 10
)

// Options of [Run]. URL and Room are required; the zero value of everything else is a default.
type Options struct {
	// URL of the server: ws://, wss://, http:// or https:// with a host, or just HOST:PORT. Without a path it is
	// /connection/websocket.
	URL string
	// Room to enter, up to 255 bytes of UTF-8.
	Room string
	// Name is the name that others see. Default: $USER, else the name of the account, else "someone".
	Name string
	// History is the number of earlier messages that are shown on joining; 0 shows none. AutoHistory, or any negative number, is
	// DefaultHistory, and none when the input is a pipe.
	History int
	// Color is "auto" (colours on a terminal, unless NO_COLOR is set or TERM is dumb), "always" or "never"; "" is auto.
	Color string
	// Insecure accepts any certificate of a wss:// server, for self-signed ones.
	Insecure bool
	// Version of throng, sent to the server in connect; "" leaves it out.
	Version string

	// MaxMessage is the largest message that the server may send, in bytes. Default: 8 MiB.
	MaxMessage int

	// In has the lines to send. Messages are written to Out, notices to Err if Out is not a terminal.
	// Defaults: the standard streams of the process.
	In       io.Reader
	Out, Err io.Writer

	// Getenv reads the environment (USER, NO_COLOR, TERM). Default: os.Getenv.
	Getenv func(string) string

	// Only tests change these.
	timeout  time.Duration // of one command; default 10 s
	patience time.Duration // how long leaving waits for unsent messages; default 60 s, on a terminal 5 s
	source   source        // the kind of In; default: detected
}

// DefaultHistory is the number of earlier messages that are shown on joining by default. AutoHistory stands for
// DefaultHistory, or for 0 if the input is a pipe.
const (
	DefaultHistory = 20
	AutoHistory    = -1
)

// withDefaults sets the defaults and rejects options that cannot work.
func (o Options) withDefaults() (Options, error) {
	var err error
	if o.URL, err = target(o.URL); err != nil {
		return o, err
	}
	if err = checkRoom(o.Room); err != nil {
		return o, err
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = defaultMaxMessage
	}
	if o.MaxMessage < minMaxMessage {
		return o, clierr.Usagef("a room's history comes in one message: some MiB", "--max-message %d is too small", o.MaxMessage)
	}
	o.streams()
	if o.Name == "" {
		o.Name = userName(o.Getenv)
	}
	if o.Name = terminal.Name(o.Name); o.Name == "" {
		o.Name = "someone"
	}
	switch o.Color {
	case "", "auto", "always", "never":
	default:
		return o, clierr.Usagef("use --color auto, always or never", "unknown colour setting %q", o.Color)
	}
	return o, nil
}

// userName is $USER, or the name of the account if it is not set, as in a container.
func userName(getenv func(string) string) string {
	if name := getenv("USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// streams sets the defaults of the streams, and the options that depend on them.
func (o *Options) streams() {
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.Err == nil {
		o.Err = os.Stderr
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.timeout == 0 {
		o.timeout = 10 * time.Second
	}
	if o.source == unknownSource {
		o.source = sourceOf(o.In)
	}
	if o.patience == 0 {
		o.patience = time.Minute
		if o.source == fromTerminal {
			o.patience = 5 * time.Second
		}
	}
	if o.History < 0 && o.source == fromPipe {
		o.History = 0
	} else if o.History < 0 {
		o.History = DefaultHistory
	}
}

// checkRoom rejects names that no server accepts.
func checkRoom(room string) error {
	const hint = "a room is any name of up to 255 bytes, or what the server allows, for example: throng chat localhost:8080 lobby"
	switch {
	case strings.TrimSpace(room) == "":
		return clierr.Usagef(hint, "the room has no name")
	case len(room) > maxRoomName:
		return clierr.Usagef(hint, "the room's name is %d bytes long", len(room))
	case strings.ContainsRune(room, 0):
		return clierr.Usagef(hint, "the room's name contains a NUL character (U+0000)")
	case !utf8.ValidString(room):
		return clierr.Usagef(hint, "the room's name is not valid UTF-8")
	}
	return nil
}
