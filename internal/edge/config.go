package edge

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Config is the configuration of an Edge. A number of zero stands for the default in brackets.
type Config struct {
	Loops   int    // event loops of the server [1]
	Version string // sent to clients in the connect result

	Client  config.Client
	Channel config.Channel
	// Auth determines the identity of connections. Nil: connections are anonymous, as Client allows.
	Auth Authenticator
	// AuthHeaders are the names of the HTTP headers of the upgrade request that Auth gets.
	AuthHeaders []string

	CheckOrigin    func(*netpoll.Request) bool // as netpoll.Endpoint.CheckOrigin
	MaxMessage     int                         // bytes of one frame of commands [64 KiB]
	Compression    bool                        // negotiate permessage-deflate
	Echo           bool                        // serve /echo
	EchoMaxMessage int                         // bytes [MaxMessage]

	PingInterval   time.Duration // [25 s]
	PongTimeout    time.Duration // [10 s]
	ConnectTimeout time.Duration // from the upgrade to the connect command [10 s]

	MaxBacklog int // bytes of backlog above which a slow client is disconnected with 3008 [4 MiB]
	// BacklogAge is the time without a byte read after which a client with a backlog is disconnected with 3008 [30 s].
	BacklogAge  time.Duration
	LoopMailbox int64 // bytes in the mailbox of a loop above which publishes to its rooms are refused [64 MiB]
	MaxRooms    int   // rooms per connection [128]

	// WaitingCommands bounds the waiting bulk commands of a connection; one more is answered with 111 [256, or MaxRooms if
	// that is more].
	WaitingCommands int

	UserConnections int // open connections of one user; one more is closed with 3504; 0: no limit
	UserRate        int // new connections of one user per second, two seconds' worth at once; connect is answered with 111 above it; 0: no limit
	// CommandsPerSecond bounds the commands of a connection. Above it they are answered with 111, and a connection that
	// continues is closed with 3013. Two seconds' worth may come at once. 0: no limit.
	CommandsPerSecond int
	// BytesPerSecond bounds the bytes of the messages of a connection, after inflation, in the same way. Two seconds' worth
	// may come at once, and at least two messages of MaxMessage. 0: no limit.
	BytesPerSecond int

	// RoomRate bounds the rooms that a connection creates per second, by a join or by a message that is kept. Above it
	// commands are answered with 111. Two seconds' worth may be created at once, and at least MaxRooms. 0: no limit.
	RoomRate int

	// Log gets the events of connections, at debug. Its handler must not block. Nil: nothing is logged.
	Log *slog.Logger

	expireGrace time.Duration // how long after its expiry a connection may still be refreshed [25 s]

	// Hub has the limits of the rooms. The edge sets Loops and the functions.
	Hub room.Config
}

func (c Config) withDefaults() Config {
	c.Loops = cmp.Or(c.Loops, 1)
	c.MaxMessage = cmp.Or(c.MaxMessage, 64<<10)
	c.EchoMaxMessage = cmp.Or(c.EchoMaxMessage, c.MaxMessage)
	c.PingInterval = cmp.Or(c.PingInterval, 25*time.Second)
	c.PongTimeout = cmp.Or(c.PongTimeout, 10*time.Second)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 10*time.Second)
	c.expireGrace = cmp.Or(c.expireGrace, 25*time.Second)
	c.MaxBacklog = cmp.Or(c.MaxBacklog, 4<<20)
	c.BacklogAge = cmp.Or(c.BacklogAge, 30*time.Second)
	c.LoopMailbox = cmp.Or(c.LoopMailbox, 64<<20)
	c.MaxRooms = cmp.Or(c.MaxRooms, 128)
	c.Hub.RecoveryMaxBytes = cmp.Or(c.Hub.RecoveryMaxBytes, 128<<10)
	c.Hub.HistoryMaxBytes = cmp.Or(c.Hub.HistoryMaxBytes, 128<<10)
	c.Hub.PresenceMaxBytes = cmp.Or(c.Hub.PresenceMaxBytes, 256<<10)
	c.WaitingCommands = cmp.Or(c.WaitingCommands, max(256, c.MaxRooms))
	return c
}
