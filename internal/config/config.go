package config

import "time"

// Config is the configuration of `throng serve`. A zero means "automatic" where the help text says so; [Config.Resolve]
// replaces those zeros. Settings with the tag live can change while the server runs, see [Loaded.With].
type Config struct {
	Listen        string   `yaml:"listen" default:":8080" placeholder:"ADDR" group:"Listeners" help:"Address of the public port: WebSocket and the demo page. unix:/PATH is a Unix socket for a proxy on this machine."`
	Admin         string   `yaml:"admin" default:"127.0.0.1:9090" placeholder:"ADDR" group:"Listeners" help:"Address of the admin port: /healthz, /readyz, /metrics, /debug/pprof; or unix:/PATH. Keep it private. Empty turns it off."`
	AdminHosts    []string `yaml:"admin_hosts" placeholder:"HOST" group:"Listeners" help:"Further host names to which the admin port answers; * is every name. Without this setting it answers on a loopback address to localhost and loopback addresses only, on other addresses to every name."`
	AdminProfiles bool     `yaml:"admin_profiles" group:"Listeners" help:"Serve profiles (/debug/pprof/profile, trace, heap and so on) to GET, for go tool pprof URL; without it they need a POST."`
	MaxAdmin      int      `yaml:"max_admin" default:"32" placeholder:"N" group:"Listeners" help:"Connections of the admin port at once; descriptors are reserved for them. One more closes the one that has been without a request for longest."`

	Dev  bool `yaml:"dev" group:"Listeners" help:"Development: anonymous clients and this machine's origins are allowed, and so is every operation."`
	Echo bool `yaml:"echo" group:"Listeners" help:"Serve /echo, which returns every message (for conformance tools)."`

	TLSCert          string        `yaml:"tls_cert" live:"yes" placeholder:"FILE" group:"TLS" help:"Certificate of the public port, PEM, followed by its intermediates; needs tls_key. Both files are read again on SIGHUP and when they change."`
	TLSKey           string        `yaml:"tls_key" live:"yes" placeholder:"FILE" group:"TLS" help:"Private key of tls_cert, PEM, without a passphrase."`
	HelloTimeout     time.Duration `yaml:"hello_timeout" default:"5s" placeholder:"TIME" group:"TLS" help:"Time from accept in which the ClientHello must be complete."`
	MaxHandshakes    int           `yaml:"max_handshakes" default:"4096" placeholder:"N" group:"TLS" help:"TLS handshakes in flight, counted from the complete ClientHello on, about 10 KB each; each event loop has an equal share. One more closes the handshake that has waited longest for its client, if that is a second or more, otherwise the new one."`
	HandshakeTimeout time.Duration `yaml:"handshake_timeout" default:"10s" placeholder:"TIME" group:"TLS" help:"Time for a TLS handshake, from the ClientHello on."`

	AllowedOrigins []string `yaml:"allowed_origins" live:"yes" placeholder:"ORIGIN" group:"Listeners" help:"Origins of pages that may connect, as scheme://host[:port]; the port may be *, the host may begin with *., and * alone is every origin. null, same-host and same-address as in docs/operations.md. Unset: same-host, the host that serves the page."`

	TrustedProxies  []string `yaml:"trusted_proxies" placeholder:"CIDR" group:"Listeners" help:"Addresses of proxies, as 10.0.0.0/8 or 10.1.2.3. The client's address is taken from their header; that of other peers is ignored."`
	ForwardedHeader string   `yaml:"forwarded_header" default:"X-Forwarded-For" placeholder:"NAME" group:"Listeners" help:"Header of trusted_proxies with the client's address: X-Forwarded-For or Forwarded. The other one is ignored."`
	ProxyProtocol   bool     `yaml:"proxy_protocol" group:"Listeners" help:"Connections of trusted_proxies begin with a PROXY header, version 1 or 2; without trusted_proxies all connections do."`
	SocketMode      string   `yaml:"socket_mode" default:"0660" placeholder:"MODE" group:"Listeners" help:"Permissions of unix: sockets, in octal. Connecting needs write permission."`

	MaxMessage       Size `yaml:"max_message" default:"64KiB" placeholder:"SIZE" group:"Messages" help:"Largest message a client may send, on the wire and inflated (up to 256MiB)."`
	MaxFragments     int  `yaml:"max_fragments" default:"1024" placeholder:"N" group:"Messages" help:"Tiny fragments (under 16 bytes each) in one message; more close the connection with 1008."`
	MaxControlFrames int  `yaml:"max_control_frames" default:"1000" placeholder:"N" group:"Messages" help:"Pings and pongs of one client per second; more close the connection with 1008."`
	MaxHeader        Size `yaml:"max_header" default:"32KiB" placeholder:"SIZE" group:"Messages" help:"Largest HTTP request header, including cookies (up to 1MiB); larger ones are refused with 431."`
	EchoMaxMessage   Size `yaml:"echo_max_message" placeholder:"SIZE" group:"Messages" help:"The same for /echo. 0: as max_message."`
	Compression      bool `yaml:"compression" group:"Messages" help:"Negotiate permessage-deflate with clients that offer it."`
	CompressMin      Size `yaml:"compress_min" default:"512" placeholder:"SIZE" group:"Messages" help:"Messages below this size are sent uncompressed."`

	PingInterval   time.Duration `yaml:"ping_interval" default:"25s" placeholder:"TIME" group:"Timing" help:"Time between pings to a client."`
	PongTimeout    time.Duration `yaml:"pong_timeout" default:"10s" placeholder:"TIME" group:"Timing" help:"Time for a client to answer a ping."`
	ConnectTimeout time.Duration `yaml:"connect_timeout" default:"10s" placeholder:"TIME" group:"Timing" help:"Time from the upgrade in which the connect command must come."`
	MessageTimeout time.Duration `yaml:"message_timeout" default:"30s" placeholder:"TIME" group:"Timing" help:"Time from the first to the last byte of one message; longer ones close the connection with 1008."`
	HeaderTimeout  time.Duration `yaml:"header_timeout" default:"5s" placeholder:"TIME" group:"Timing" help:"Time for the HTTP request header."`
	DrainDelay     time.Duration `yaml:"drain_delay" live:"yes" placeholder:"TIME" group:"Timing" help:"On SIGTERM: time between the first 503 of /readyz and the close of the listener, so that load balancers notice. 0 for a single node."`
	Drain          time.Duration `yaml:"drain" live:"yes" placeholder:"TIME" group:"Timing" help:"On SIGTERM, after drain_delay: time over which the connections are closed. 0: drain_rate decides."`
	DrainRate      int           `yaml:"drain_rate" live:"yes" default:"20000" placeholder:"N" group:"Timing" help:"Connections closed per second if drain is 0."`

	ReloadTimeout time.Duration `yaml:"reload_timeout" default:"30s" placeholder:"TIME" group:"Timing" help:"Time for a reload (SIGHUP) to read its files; a longer one is abandoned and changes nothing."`

	Loops          int `yaml:"loops" placeholder:"N" group:"Size" help:"Event loops. 0: one per CPU."`
	Shards         int `yaml:"shards" placeholder:"N" group:"Size" help:"Shards, each a goroutine with a part of the rooms. 0: one per CPU."`
	MaxConnections int `yaml:"max_connections" placeholder:"N" group:"Size" help:"Connections at once, plain requests included. One more closes the connection that has waited longest without sending a complete request; if there is none the new one is refused with 503. 0: the file limit less 256, or fewer with many loops or a large max_admin."`
	MaxHTTP        int `yaml:"max_http" default:"256" placeholder:"N" group:"Size" help:"Plain HTTP requests (the page) at once; more are refused with 503."`

	MaxRooms                   int  `yaml:"max_rooms" live:"yes" default:"1000000" placeholder:"N" group:"Rooms" help:"Rooms at once; one more makes the server forget the least recently used room without members, or is answered with error 106 if all have members."`
	RoomsPerConnection         int  `yaml:"rooms_per_connection" live:"yes" placeholder:"N" group:"Rooms" help:"Rooms that one connection may be in; one more is answered with error 106. 0: 128, or fewer if max_message is too small to subscribe to 128 in one frame."`
	WaitingCommands            int  `yaml:"waiting_commands" live:"yes" placeholder:"N" group:"Rooms" help:"Waiting commands with long answers (recovery, history, presence) of one connection; one more is answered with error 111. 0: 256, or rooms_per_connection if that is more."`
	CommandsPerSecond          int  `yaml:"commands_per_second" live:"yes" default:"100" placeholder:"N" group:"Overload" help:"Commands of one connection per second, two seconds' worth at once (more if joining rooms_per_connection takes more); above it error 111, then 3013. 0: no limit."`
	BytesPerSecond             Size `yaml:"bytes_per_second" live:"yes" default:"256KiB" placeholder:"SIZE" group:"Overload" help:"Bytes of messages of one connection per second, after inflation, two seconds' worth at once (at least twice max_message); above it error 111, then 3013. 0: no limit."`
	NewRoomsPerSecond          int  `yaml:"new_rooms_per_second" live:"yes" default:"10" placeholder:"N" group:"Overload" help:"Rooms that one connection creates per second, by joining or by a message that is kept, two seconds' worth at once (more if joining rooms_per_connection takes more); above it error 111. 0: no limit."`
	ConnectionsPerUser         int  `yaml:"connections_per_user" live:"yes" placeholder:"N" group:"Overload" help:"Connections of one user id; one more is closed with 3504. Clients without a user id are not limited. 0: no limit."`
	ConnectionRatePerUser      int  `yaml:"connection_rate_per_user" live:"yes" placeholder:"N" group:"Overload" help:"New connections of one user id per second, two seconds' worth at once; more are answered with error 111, and the SDKs try again later. 0: no limit."`
	HistoryBytes               Size `yaml:"history_bytes" live:"yes" default:"256MiB" placeholder:"SIZE" group:"Rooms" help:"Memory for the history of all rooms, names and indexes included; the oldest messages of the least recently used rooms are dropped first."`
	RoomHistoryBytes           Size `yaml:"room_history_bytes" live:"yes" placeholder:"SIZE" group:"Rooms" help:"The part of history_bytes for one room; above it the oldest messages of the room are dropped. 0: a sixteenth of history_bytes, at least 1MiB."`
	PublisherHistoryBytes      Size `yaml:"publisher_history_bytes" live:"yes" placeholder:"SIZE" group:"Rooms" help:"The part of history_bytes for messages of one user, or of one connection without a user id; above it the oldest of these messages are dropped. 0: as room_history_bytes."`
	ForgottenRooms             int  `yaml:"forgotten_rooms" live:"yes" default:"1000000" placeholder:"N" group:"Rooms" help:"Rooms without members and messages whose highest lost offset is kept, about 50 bytes each; clients of further rooms may be told that they missed messages although they did not."`
	HistoryMaxPublicationLimit int  `yaml:"history_max_publication_limit" live:"yes" default:"5000" placeholder:"N" group:"Rooms" help:"Messages in one history reply."`
	HistoryMaxBytes            Size `yaml:"history_max_bytes" live:"yes" default:"128KiB" placeholder:"SIZE" group:"Rooms" help:"Bytes of one history reply; at most half of outbound_bytes. A client continues from the last message of a reply."`
	RecoveryMaxPublications    int  `yaml:"recovery_max_publications" live:"yes" default:"5000" placeholder:"N" group:"Rooms" help:"Messages in one part of a recovery; a client that missed more gets further parts."`
	RecoveryMaxBytes           Size `yaml:"recovery_max_bytes" live:"yes" default:"128KiB" placeholder:"SIZE" group:"Rooms" help:"Bytes in one part of a recovery; at most half of outbound_bytes."`
	JoinLeaveMaxMembers        int  `yaml:"join_leave_max_members" live:"yes" default:"1000" placeholder:"N" group:"Rooms" help:"Members of a room above which no joins and leaves are pushed."`
	PresenceMax                int  `yaml:"presence_max" live:"yes" default:"1000" placeholder:"N" group:"Rooms" help:"Members of a room above which presence is answered with error 106; presence_stats stays exact."`
	PresenceMaxBytes           Size `yaml:"presence_max_bytes" live:"yes" default:"256KiB" placeholder:"SIZE" group:"Rooms" help:"Bytes of a presence reply above which it is answered with error 106; at most half of outbound_bytes."`

	IdempotencyWindow time.Duration `yaml:"idempotency_window" default:"5m" placeholder:"TIME" group:"Rooms" help:"Time in which a repeated idempotency_key is recognised."`
	IdempotencyKeys   int           `yaml:"idempotency_keys" default:"100000" placeholder:"N" group:"Rooms" help:"Idempotency keys kept at once; the oldest are dropped first."`

	ConnectionsPerIP    int           `yaml:"connections_per_ip" live:"yes" placeholder:"N" group:"Overload" help:"Connections of one address (IPv6: one /64); more are refused with 429. 0: no limit."`
	ConnectionRatePerIP int           `yaml:"connection_rate_per_ip" live:"yes" placeholder:"N" group:"Overload" help:"New connections of one address per second, two seconds' worth at once; more are refused with 429. 0: no limit."`
	AcceptRate          int           `yaml:"accept_rate" placeholder:"N" group:"Overload" help:"New connections per second in total; more wait in the backlog of the listener. 0: no limit."`
	MaxLoopLag          time.Duration `yaml:"max_loop_lag" default:"1s" placeholder:"TIME" group:"Overload" help:"Lag of an event loop above which it refuses new connections with 503. 0: no limit."`

	OutboundBytes Size          `yaml:"outbound_bytes" placeholder:"SIZE" group:"Overload" help:"Backlog of one slow client above which it is disconnected with 3008. 0: 4MiB, or 4 times max_message if that is more."`
	OutboundAge   time.Duration `yaml:"outbound_age" default:"30s" placeholder:"TIME" group:"Overload" help:"Time after which a client with a backlog that has acknowledged nothing (TCP) is disconnected with 3008."`
	HeaderBytes   Size          `yaml:"header_bytes" default:"64MiB" placeholder:"SIZE" group:"Overload" help:"Memory for all incomplete request headers; above half of it the longest ones are refused with 503."`
	BacklogBytes  Size          `yaml:"backlog_bytes" placeholder:"SIZE" group:"Overload" help:"Memory of the backlogs of all clients, shared bytes counted once; above it the clients that hold most of it are disconnected with 3008. 0: 256MiB, or twice outbound_bytes if that is more."`
	UnsentBytes   Size          `yaml:"unsent_bytes" default:"32KiB" placeholder:"SIZE" group:"Overload" help:"Bytes that the kernel takes for one client before it can send them (TCP_NOTSENT_LOWAT); more count for outbound_bytes. 0: the kernel's send buffer, some MiB each."`
	ShardMailbox  int           `yaml:"shard_mailbox" default:"16384" placeholder:"N" group:"Overload" help:"Waiting commands of one shard; more are answered with error 111."`
	LoopMailbox   Size          `yaml:"loop_mailbox" default:"64MiB" placeholder:"SIZE" group:"Overload" help:"Bytes in the mailbox of one event loop above which publishes to rooms with members there are answered with error 111."`

	LogLevel string `yaml:"log_level" live:"yes" default:"info" placeholder:"LEVEL" group:"Logging" help:"debug, info, warn or error. Text on a terminal, JSON otherwise."`
	LogQueue Size   `yaml:"log_queue" default:"1MiB" placeholder:"SIZE" group:"Logging" help:"Log lines that may wait to be read; more are dropped and counted, and a line reports them once the log is read again."`

	Client  Client  `yaml:"client" live:"yes" kong:"-"`
	Channel Channel `yaml:"channel" live:"yes" kong:"-"`
}

// Client is the configuration of connections, with the keys of Centrifugo.
type Client struct {
	AllowAnonymous bool `yaml:"allow_anonymous_connect_without_token" help:"Accept clients without a token; their user id is empty."`
	NameAsInfo     bool `yaml:"connect_name_as_info" help:"Use the name in the data of connect, {\"name\":...}, as conn_info of clients without a token."`
}
