package config

import "time"

// Config is everything `throng serve` can be told. Zero means "automatic"
// where the help line says so; [Config.Resolve] replaces those zeros. What has
// the tag live can be changed while the server runs, see [Loaded.With].
type Config struct {
	Listen        string   `yaml:"listen" default:":8080" placeholder:"ADDR" group:"Listeners" help:"Address of the public port: WebSocket and the demo page. unix:/PATH is a Unix socket for a proxy on this machine."`
	Admin         string   `yaml:"admin" default:"127.0.0.1:9090" placeholder:"ADDR" group:"Listeners" help:"Address of the admin port: /healthz, /readyz, /metrics, /debug/pprof; or unix:/PATH. Keep it private. Empty turns it off."`
	AdminHosts    []string `yaml:"admin_hosts" placeholder:"HOST" group:"Listeners" help:"Further names under which the admin port answers; * is every name. On a loopback address it answers to localhost and loopback addresses only; elsewhere to every name as long as none is given here."`
	AdminProfiles bool     `yaml:"admin_profiles" group:"Listeners" help:"Serve profiles (/debug/pprof/profile, trace, heap and so on) to GET, for go tool pprof URL; without it they need a POST."`
	MaxAdmin      int      `yaml:"max_admin" default:"32" placeholder:"N" group:"Listeners" help:"Connections of the admin port at once, for which descriptors are kept back; one more takes the place of the one that has been without a request for longest."`

	Dev  bool `yaml:"dev" group:"Listeners" help:"Development: anonymous people and this machine's origins are let in, everything is allowed."`
	Echo bool `yaml:"echo" group:"Listeners" help:"Serve /echo, which returns every message (for conformance tools)."`

	TLSCert          string        `yaml:"tls_cert" live:"yes" placeholder:"FILE" group:"TLS" help:"Certificate of the public port, PEM, with the intermediates behind it; goes with tls_key. Both are read again on SIGHUP and when they change."`
	TLSKey           string        `yaml:"tls_key" live:"yes" placeholder:"FILE" group:"TLS" help:"Private key of tls_cert, PEM, without a passphrase."`
	HelloTimeout     time.Duration `yaml:"hello_timeout" default:"5s" placeholder:"TIME" group:"TLS" help:"How long the ClientHello may take, from accept to its last byte."`
	MaxHandshakes    int           `yaml:"max_handshakes" default:"4096" placeholder:"N" group:"TLS" help:"TLS handshakes in flight, about 10 KB each, from the whole ClientHello on; each event loop has an equal share. Beyond it the one is closed that has waited longest for its client, and for a second at least; else the new one."`
	HandshakeTimeout time.Duration `yaml:"handshake_timeout" default:"10s" placeholder:"TIME" group:"TLS" help:"How long a TLS handshake may take from the ClientHello on."`

	AllowedOrigins []string `yaml:"allowed_origins" live:"yes" placeholder:"ORIGIN" group:"Listeners" help:"Origins that browsers may connect from, as scheme://host[:port]; the port may be *, the host begin with *. and * alone is everybody. null, same-host and same-address as in docs/operations.md. Unset: same-host, the host that serves the page."`

	TrustedProxies  []string `yaml:"trusted_proxies" placeholder:"CIDR" group:"Listeners" help:"Addresses of the proxies in front, as 10.0.0.0/8 or 10.1.2.3: the client's address is the one they tell. Nobody else is believed."`
	ForwardedHeader string   `yaml:"forwarded_header" default:"X-Forwarded-For" placeholder:"NAME" group:"Listeners" help:"Header in which trusted_proxies tell it: X-Forwarded-For or Forwarded. The other one is ignored."`
	ProxyProtocol   bool     `yaml:"proxy_protocol" group:"Listeners" help:"Connections begin with a PROXY header, version 1 or 2: those of trusted_proxies, or all where there are none."`
	SocketMode      string   `yaml:"socket_mode" default:"0660" placeholder:"MODE" group:"Listeners" help:"Permissions of unix: sockets, in octal: whoever may write to one may connect."`

	MaxMessage       Size `yaml:"max_message" default:"64KiB" placeholder:"SIZE" group:"Messages" help:"Largest message a client may send, on the wire and inflated (up to 256MiB)."`
	MaxFragments     int  `yaml:"max_fragments" default:"1024" placeholder:"N" group:"Messages" help:"Tiny fragments (under 16 bytes each) in one message; more close the connection with 1008."`
	MaxControlFrames int  `yaml:"max_control_frames" default:"1000" placeholder:"N" group:"Messages" help:"Pings and pongs of one client in a second; more close the connection with 1008."`
	MaxHeader        Size `yaml:"max_header" default:"32KiB" placeholder:"SIZE" group:"Messages" help:"Largest HTTP request header, cookies and all (up to 1MiB); larger ones are refused with 431."`
	EchoMaxMessage   Size `yaml:"echo_max_message" placeholder:"SIZE" group:"Messages" help:"The same for /echo. 0: as max_message."`
	Compression      bool `yaml:"compression" group:"Messages" help:"Negotiate permessage-deflate with clients that offer it."`
	CompressMin      Size `yaml:"compress_min" default:"512" placeholder:"SIZE" group:"Messages" help:"Messages below this size are sent uncompressed."`

	PingInterval   time.Duration `yaml:"ping_interval" default:"25s" placeholder:"TIME" group:"Timing" help:"Time between pings to a client."`
	PongTimeout    time.Duration `yaml:"pong_timeout" default:"10s" placeholder:"TIME" group:"Timing" help:"How long a client may take to answer a ping."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" default:"10s" placeholder:"TIME" group:"Timing" help:"How long after the upgrade the connect command may take."`
	MessageTimeout time.Duration `yaml:"message_timeout" default:"30s" placeholder:"TIME" group:"Timing" help:"How long one message may take from its first byte to its last; longer closes the connection with 1008."`
	HeaderTimeout  time.Duration `yaml:"header_timeout" default:"5s" placeholder:"TIME" group:"Timing" help:"How long the HTTP request header may take."`
	DrainDelay     time.Duration `yaml:"drain_delay" live:"yes" placeholder:"TIME" group:"Timing" help:"On SIGTERM: time from /readyz answering 503 to the end of the listener, so that load balancers notice. For one node alone 0."`
	Drain          time.Duration `yaml:"drain" live:"yes" placeholder:"TIME" group:"Timing" help:"On SIGTERM, after drain_delay: time over which the connections are closed. 0: as long as drain_rate takes."`
	DrainRate      int           `yaml:"drain_rate" live:"yes" default:"20000" placeholder:"N" group:"Timing" help:"Connections closed a second where drain is 0."`

	ReloadTimeout time.Duration `yaml:"reload_timeout" default:"30s" placeholder:"TIME" group:"Timing" help:"How long a reload (SIGHUP) may take to read its files; longer ones are given up and change nothing."`

	Loops          int `yaml:"loops" placeholder:"N" group:"Size" help:"Event loops. 0: one per CPU."`
	Shards         int `yaml:"shards" placeholder:"N" group:"Size" help:"Workers among which the rooms are divided. 0: one per CPU."`
	MaxConnections int `yaml:"max_connections" placeholder:"N" group:"Size" help:"Connections at once, plain requests included. When all places are taken the connection goes first that has waited longest without sending a whole request; if there is none the new one is refused with 503. 0: the file limit less 256, or more with many loops or a large max_admin."`
	MaxHTTP        int `yaml:"max_http" default:"256" placeholder:"N" group:"Size" help:"Plain HTTP requests (the page) at once; more are refused with 503."`

	MaxRooms                   int  `yaml:"max_rooms" live:"yes" default:"1000000" placeholder:"N" group:"Rooms" help:"Rooms at once; for one more the coldest room without members goes, and where all have members error 106 is the answer."`
	RoomsPerConnection         int  `yaml:"rooms_per_connection" live:"yes" placeholder:"N" group:"Rooms" help:"Rooms one connection may be in; one more is answered with error 106. 0: 128, or fewer where max_message is too small to subscribe to so many in one frame."`
	WaitingCommands            int  `yaml:"waiting_commands" live:"yes" placeholder:"N" group:"Rooms" help:"Commands with long answers (recovery, history, presence) of one connection that may wait for their turn; one more is answered with error 111. 0: 256, or rooms_per_connection if that is more."`
	CommandsPerSecond          int  `yaml:"commands_per_second" live:"yes" default:"100" placeholder:"N" group:"Overload" help:"Commands one connection may send, with two seconds' worth at once (more, if it takes more to join rooms_per_connection); above it error 111, then 3013. 0: no limit."`
	BytesPerSecond             Size `yaml:"bytes_per_second" live:"yes" default:"256KiB" placeholder:"SIZE" group:"Overload" help:"Bytes of messages one connection may send a second, inflated, with two seconds' worth at once (more, if that is less than two of max_message); above it error 111, then 3013. 0: no limit."`
	NewRoomsPerSecond          int  `yaml:"new_rooms_per_second" live:"yes" default:"10" placeholder:"N" group:"Overload" help:"Rooms one connection may make, by joining or by a message that is kept where no room is, with two seconds' worth at once (more, if it takes more to join rooms_per_connection); above it error 111. 0: no limit."`
	ConnectionsPerUser         int  `yaml:"connections_per_user" live:"yes" placeholder:"N" group:"Overload" help:"Connections of one user, who must have an id; one more is closed with 3504. 0: no limit."`
	ConnectionRatePerUser      int  `yaml:"connection_rate_per_user" live:"yes" placeholder:"N" group:"Overload" help:"New connections a second of one user, who must have an id, with two seconds' worth at once; more are answered with error 111, and the SDKs try again later. 0: no limit."`
	HistoryBytes               Size `yaml:"history_bytes" live:"yes" default:"256MiB" placeholder:"SIZE" group:"Rooms" help:"Memory for the history of all rooms, with what it takes to find it; the oldest messages of the coldest rooms go first."`
	RoomHistoryBytes           Size `yaml:"room_history_bytes" live:"yes" placeholder:"SIZE" group:"Rooms" help:"Of that the history of one room; beyond it the oldest of the room go. 0: a sixteenth of history_bytes, at least 1MiB."`
	PublisherHistoryBytes      Size `yaml:"publisher_history_bytes" live:"yes" placeholder:"SIZE" group:"Rooms" help:"Of that what one user, or one connection without a user id, has published; beyond it the oldest of the same go. 0: as room_history_bytes."`
	ForgottenRooms             int  `yaml:"forgotten_rooms" live:"yes" default:"1000000" placeholder:"N" group:"Rooms" help:"Rooms without members and messages of which is remembered what they have lost, about 50 bytes each; clients of more may be told that they missed something though they did not."`
	HistoryMaxPublicationLimit int  `yaml:"history_max_publication_limit" live:"yes" default:"5000" placeholder:"N" group:"Rooms" help:"Messages in one answer to a history request."`
	HistoryMaxBytes            Size `yaml:"history_max_bytes" live:"yes" default:"128KiB" placeholder:"SIZE" group:"Rooms" help:"The same in bytes; never more than half of outbound_bytes. A client asks on from the last message of an answer."`
	RecoveryMaxPublications    int  `yaml:"recovery_max_publications" live:"yes" default:"5000" placeholder:"N" group:"Rooms" help:"Messages in one part of a recovery; a client that missed more gets the rest in further parts."`
	RecoveryMaxBytes           Size `yaml:"recovery_max_bytes" live:"yes" default:"128KiB" placeholder:"SIZE" group:"Rooms" help:"The same in bytes; never more than half of outbound_bytes."`
	JoinLeaveMaxMembers        int  `yaml:"join_leave_max_members" live:"yes" default:"1000" placeholder:"N" group:"Rooms" help:"Rooms with more members than this push no joins and leaves."`
	PresenceMax                int  `yaml:"presence_max" live:"yes" default:"1000" placeholder:"N" group:"Rooms" help:"Rooms with more members than this answer presence with error 106; presence_stats stays exact."`
	PresenceMaxBytes           Size `yaml:"presence_max_bytes" live:"yes" default:"256KiB" placeholder:"SIZE" group:"Rooms" help:"The same for rooms whose answer to presence would be larger than this; never more than half of outbound_bytes."`

	IdempotencyWindow time.Duration `yaml:"idempotency_window" default:"5m" placeholder:"TIME" group:"Rooms" help:"How long a repeated idempotency_key is recognised."`
	IdempotencyKeys   int           `yaml:"idempotency_keys" default:"100000" placeholder:"N" group:"Rooms" help:"Idempotency keys kept at once, the oldest go first."`

	ConnectionsPerIP    int           `yaml:"connections_per_ip" live:"yes" placeholder:"N" group:"Overload" help:"Connections of one address (IPv6: one /64); more are refused with 429. 0: no limit."`
	ConnectionRatePerIP int           `yaml:"connection_rate_per_ip" live:"yes" placeholder:"N" group:"Overload" help:"New connections a second of one address, with two seconds' worth at once; more are refused with 429. 0: no limit."`
	AcceptRate          int           `yaml:"accept_rate" placeholder:"N" group:"Overload" help:"New connections a second in total; more wait until it is their turn. 0: no limit."`
	MaxLoopLag          time.Duration `yaml:"max_loop_lag" default:"1s" placeholder:"TIME" group:"Overload" help:"While an event loop is later than this it refuses new connections with 503. 0: never."`

	OutboundBytes Size          `yaml:"outbound_bytes" placeholder:"SIZE" group:"Overload" help:"What may wait for one slow client before it is disconnected with 3008. 0: 4MiB, or 4 times max_message if that is more."`
	OutboundAge   time.Duration `yaml:"outbound_age" default:"30s" placeholder:"TIME" group:"Overload" help:"How long a client that is owed something may acknowledge nothing of it (TCP) before it is disconnected with 3008."`
	HeaderBytes   Size          `yaml:"header_bytes" default:"64MiB" placeholder:"SIZE" group:"Overload" help:"Memory for request headers that have come in part, all together; from half of it on the longest ones are refused with 503."`
	BacklogBytes  Size          `yaml:"backlog_bytes" placeholder:"SIZE" group:"Overload" help:"Memory for what waits for all slow clients together, what they share counted once; beyond it those that hold most of it up are disconnected with 3008. 0: 256MiB, or twice outbound_bytes if that is more."`
	UnsentBytes   Size          `yaml:"unsent_bytes" default:"32KiB" placeholder:"SIZE" group:"Overload" help:"What the kernel takes for one client before it can send it (TCP_NOTSENT_LOWAT); more waits within outbound_bytes. 0: the kernel's send buffer, some MiB each."`
	ShardMailbox  int           `yaml:"shard_mailbox" default:"16384" placeholder:"N" group:"Overload" help:"Commands that may wait for one shard; more are answered with error 111."`
	LoopMailbox   Size          `yaml:"loop_mailbox" default:"64MiB" placeholder:"SIZE" group:"Overload" help:"Bytes that may wait for one event loop; publishes to rooms with members there are then answered with error 111."`

	LogLevel string `yaml:"log_level" live:"yes" default:"info" placeholder:"LEVEL" group:"Logging" help:"debug, info, warn or error. Text on a terminal, JSON otherwise."`
	LogQueue Size   `yaml:"log_queue" default:"1MiB" placeholder:"SIZE" group:"Logging" help:"Log lines that may wait for whoever reads the log; more are dropped, counted, and told by a line once it is read again."`

	Client  Client  `yaml:"client" live:"yes" kong:"-"`
	Channel Channel `yaml:"channel" live:"yes" kong:"-"`
}

// Client is the part of the configuration about connections, as in Centrifugo.
type Client struct {
	AllowAnonymous bool `yaml:"allow_anonymous_connect_without_token" help:"Let people in without a token; their user id is empty."`
	NameAsInfo     bool `yaml:"connect_name_as_info" help:"Take the name in connect's data, {\"name\":...}, as the conn_info of people without a token."`
}
