package edge

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Config is what an Edge is told. The zero value of a number is its default, in brackets.
type Config struct {
	Loops   int    // event loops of the server [1]
	Version string // told to clients in the connect result

	Client  config.Client
	Channel config.Channel
	// Auth decides who a connection is. Nil: people without a token, as Client says.
	Auth Authenticator
	// AuthHeaders names the HTTP headers of the upgrade request that Auth gets to see.
	AuthHeaders []string

	CheckOrigin    func(*netpoll.Request) bool // as netpoll.Endpoint.CheckOrigin
	MaxMessage     int                         // bytes of one frame of commands [64 KiB]
	Compression    bool                        // negotiate permessage-deflate
	Echo           bool                        // serve /echo
	EchoMaxMessage int                         // bytes [MaxMessage]

	PingInterval   time.Duration // [25 s]
	PongTimeout    time.Duration // [10 s]
	ConnectTimeout time.Duration // from the upgrade to the connect command [10 s]

	MaxBacklog int // bytes a slow client may be owed before it is disconnected with 3008 [4 MiB]
	// BacklogAge is how long a slow client may take not a single byte before it is disconnected with 3008 [30 s].
	BacklogAge  time.Duration
	LoopMailbox int64 // bytes that may wait for a loop before publishes to it are refused [64 MiB]
	MaxRooms    int   // rooms per connection [128]

	// WaitingCommands bounds the commands of a connection that wait until the long answers of those before them have
	// left; one more is answered with 111 [256, or MaxRooms if that is more].
	WaitingCommands int

	UserConnections int // connections of one user, others are closed with 3504; 0: no bound
	UserRate        int // new connections of one user a second, two seconds' worth at once; others are answered 111; 0: no bound
	// CommandsPerSecond bounds the commands of a connection: above it they are answered with 111, and who goes on is
	// closed with 3013. Two seconds' worth may come at once. 0: no bound.
	CommandsPerSecond int
	// BytesPerSecond bounds the bytes of the messages of a connection, inflated, in the same way. Two seconds' worth may
	// come at once, and two messages of MaxMessage. 0: no bound.
	BytesPerSecond int

	// RoomRate bounds the rooms that a connection makes in a second, by a join or by a message that is kept: above it 111.
	// Two seconds' worth may be made at once, and as many as it may be in. 0: no bound.
	RoomRate int

	// Log takes what happens to connections, at debug. Its handler must not wait. Nil: nothing.
	Log *slog.Logger

	expireGrace time.Duration // how long after its expiry a connection may still be refreshed [25 s]

	// Hub carries the bounds of the rooms. Loops, the Encode functions, Deliver and Busy are the edge's own.
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
