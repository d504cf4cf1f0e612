package config

import (
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/unixsocket"
)

// validate checks every value and their combinations. It returns the first error.
func (l *Loaded) validate() error {
	for _, step := range []func() error{
		l.validateAddresses, l.validateProxies, l.validateTLS, l.validateSizes, l.validateCounts, l.validateTimes,
		l.validateOrigins, l.validateLogLevel, l.validateChannel, l.Compatible,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// bad returns an error about the value of a key, as its source spells the key.
func (l *Loaded) bad(key, format string, args ...any) error {
	hint := ""
	if h := helpOf(key); h != "" {
		hint = leaf(stripIndex(key)) + ": " + h
	}
	return &keyError{key, clierr.Usagef(hint, "%s: "+format, append([]any{l.Source(key).name(key)}, args...)...)}
}

func (l *Loaded) validateAddresses() error {
	if err := l.address("listen", l.Listen); err != nil {
		return err
	}
	if n, err := strconv.ParseUint(l.SocketMode, 8, 32); err != nil || n > 0o777 {
		return l.bad("socket_mode", "%q is not a mode from 0000 to 0777", l.SocketMode)
	}
	if l.Admin == "" {
		return nil
	}
	if err := l.address("admin", l.Admin); err != nil {
		return err
	}
	return l.validateAdminHosts()
}

func (l *Loaded) address(key, addr string) error {
	if strings.HasPrefix(addr, unixsocket.Prefix) {
		if err := unixsocket.Check(addr); err != nil {
			return l.bad(key, "%v", err)
		}
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return l.bad(key, "%q is not an address; write it as :8080, 127.0.0.1:8080 or unix:/run/throng/public.sock", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return l.bad(key, "port %q is not a number from 0 to 65535", port)
	}
	return nil
}

// validateTLS: one of the two files without the other is a mistake.
func (l *Loaded) validateTLS() error {
	switch {
	case l.TLSCert != "" && l.TLSKey == "":
		return l.alone("tls_cert", "tls_key")
	case l.TLSKey != "" && l.TLSCert == "":
		return l.alone("tls_key", "tls_cert")
	}
	return nil
}

func (l *Loaded) alone(key, missing string) error {
	return &keyError{key, clierr.Usagef("set both for wss and https, none for ws and http; both files may be the same one",
		"%s is set but %s is not", l.Source(key).name(key), missing)}
}

func (l *Loaded) validateSizes() error {
	for _, c := range []struct {
		key          string
		v, low, high Size
		orZero       bool
	}{
		{"max_message", l.MaxMessage, 1, 256 * MiB, false},
		{"echo_max_message", l.EchoMaxMessage, 1, 256 * MiB, true},
		{"max_header", l.MaxHeader, KiB, MiB, false},
		{"header_bytes", l.HeaderBytes, MiB, 1 << 50, false},
		{"compress_min", l.CompressMin, 1, GiB, false},
		{"history_bytes", l.HistoryBytes, MiB, 1 << 50, false},
		{"history_max_bytes", l.HistoryMaxBytes, KiB, GiB, false},
		{"presence_max_bytes", l.PresenceMaxBytes, KiB, GiB, false},
		{"room_history_bytes", l.RoomHistoryBytes, 64 * KiB, 1 << 50, true},
		{"publisher_history_bytes", l.PublisherHistoryBytes, 64 * KiB, 1 << 50, true},
		{"recovery_max_bytes", l.RecoveryMaxBytes, KiB, GiB, false},
		{"outbound_bytes", l.OutboundBytes, 4 * KiB, 4 * GiB, true},
		{"backlog_bytes", l.BacklogBytes, MiB, 1 << 50, true},
		{"unsent_bytes", l.UnsentBytes, 4 * KiB, 16 * MiB, true},
		{"loop_mailbox", l.LoopMailbox, MiB, 1 << 50, false},
		{"bytes_per_second", l.BytesPerSecond, KiB, GiB, true},
		{"log_queue", l.LogQueue, 4 * KiB, GiB, false},
	} {
		if (c.v < c.low || c.v > c.high) && !(c.orZero && c.v == 0) {
			return l.bad(c.key, "%v is out of range (%v to %v)", c.v, c.low, c.high)
		}
	}
	return nil
}

func (l *Loaded) validateCounts() error {
	for _, c := range []struct {
		key          string
		v, low, high int
	}{
		{"loops", l.Loops, 0, 1024},
		{"shards", l.Shards, 0, 1024},
		{"max_connections", l.MaxConnections, 0, 1 << 30},
		{"max_fragments", l.MaxFragments, 1, 1 << 30},
		{"max_control_frames", l.MaxControlFrames, 1, 1 << 30},
		{"max_http", l.MaxHTTP, 1, 1 << 20},
		{"max_admin", l.MaxAdmin, 4, 1 << 16},
		{"max_handshakes", l.MaxHandshakes, 1, 1 << 20},
		{"max_rooms", l.MaxRooms, 1, 1 << 30},
		{"commands_per_second", l.CommandsPerSecond, 0, 1_000_000},
		{"new_rooms_per_second", l.NewRoomsPerSecond, 0, 1_000_000},
		{"connections_per_user", l.ConnectionsPerUser, 0, 1 << 20},
		{"connection_rate_per_user", l.ConnectionRatePerUser, 0, 1_000_000},
		{"connections_per_ip", l.ConnectionsPerIP, 0, 1 << 30},
		{"connection_rate_per_ip", l.ConnectionRatePerIP, 0, 1_000_000},
		{"accept_rate", l.AcceptRate, 0, 1_000_000},
		{"waiting_commands", l.WaitingCommands, 0, 1 << 20},
		{"rooms_per_connection", l.RoomsPerConnection, 0, 1 << 20},
		{"history_max_publication_limit", l.HistoryMaxPublicationLimit, 1, 1 << 24},
		{"recovery_max_publications", l.RecoveryMaxPublications, 1, 1 << 24},
		{"join_leave_max_members", l.JoinLeaveMaxMembers, 1, 1 << 24},
		{"presence_max", l.PresenceMax, 1, 1 << 24},
		{"forgotten_rooms", l.ForgottenRooms, 1, 1 << 30},
		{"idempotency_keys", l.IdempotencyKeys, 1, 1 << 30},
		{"shard_mailbox", l.ShardMailbox, 16, 1 << 24},
		{"drain_rate", l.DrainRate, 1, 1 << 30},
	} {
		if c.v < c.low || c.v > c.high {
			return l.bad(c.key, "%d is out of range (%d to %d)", c.v, c.low, c.high)
		}
	}
	return nil
}

func (l *Loaded) validateTimes() error {
	for _, c := range []struct {
		key       string
		v         time.Duration
		low, high time.Duration
	}{
		{"ping_interval", l.PingInterval, time.Second, time.Hour}, // the protocol has whole seconds
		{"pong_timeout", l.PongTimeout, time.Second, time.Hour},
		{"connect_timeout", l.ConnectTimeout, 100 * time.Millisecond, time.Hour},
		{"message_timeout", l.MessageTimeout, 100 * time.Millisecond, time.Hour},
		{"header_timeout", l.HeaderTimeout, 100 * time.Millisecond, time.Hour},
		{"outbound_age", l.OutboundAge, time.Second, time.Hour},
		{"hello_timeout", l.HelloTimeout, 100 * time.Millisecond, time.Hour},
		{"handshake_timeout", l.HandshakeTimeout, 100 * time.Millisecond, time.Hour},
		{"idempotency_window", l.IdempotencyWindow, time.Second, 24 * time.Hour},
		{"max_loop_lag", l.MaxLoopLag, 0, time.Hour},
		{"reload_timeout", l.ReloadTimeout, 100 * time.Millisecond, time.Hour},
		{"drain_delay", l.DrainDelay, 0, time.Hour},
		{"drain", l.Drain, 0, time.Hour},
	} {
		if c.v < c.low || c.v > c.high {
			return l.bad(c.key, "%v is out of range (%v to %v)", c.v, c.low, c.high)
		}
	}
	return nil
}

func (l *Loaded) validateLogLevel() error {
	if levels := []string{"debug", "info", "warn", "error"}; !slices.Contains(levels, l.LogLevel) {
		return l.bad("log_level", "%q is not one of %s", l.LogLevel, strings.Join(levels, ", "))
	}
	return nil
}

// namespaceName matches the names that Centrifugo accepts, one letter included.
var namespaceName = regexp.MustCompile(`^[-a-zA-Z0-9_.]{1,64}$`)

func (l *Loaded) validateChannel() error {
	if strings.ContainsAny(l.Channel.PrivatePrefix, ":#") {
		return l.bad("channel.private_prefix", "%q contains : or #, which have a meaning in names already", l.Channel.PrivatePrefix)
	}
	if n := l.Channel.MaxLength; n < 1 || n > 4096 {
		return l.bad("channel.max_length", "%d is out of range (1 to 4096)", n)
	}
	if err := l.validateOptions("channel.without_namespace", &l.Channel.WithoutNamespace); err != nil {
		return err
	}
	first := map[string]int{}
	for i := range l.Channel.Namespaces {
		ns, path := &l.Channel.Namespaces[i], "channel.namespaces["+strconv.Itoa(i)+"]"
		switch before, twice := first[ns.Name]; {
		case ns.Name == "":
			return l.badNamespace(path, "has no name")
		case !namespaceName.MatchString(ns.Name):
			return l.badNamespace(path+".name", "%q is not a name of a namespace: up to 64 of letters, digits, - _ and .", ns.Name)
		case twice:
			return l.badNamespace(path+".name", "namespace %q is there twice, see channel.namespaces[%d]", ns.Name, before)
		}
		first[ns.Name] = i
		if err := l.validateOptions(path, &ns.Options); err != nil {
			return err
		}
	}
	return nil
}

// badNamespace is like bad, with a hint that shows a whole namespace.
func (l *Loaded) badNamespace(path, format string, args ...any) error {
	src := l.Source(path)
	if src == (Source{}) {
		src = l.Source("channel.namespaces")
	}
	return &keyError{path, clierr.Usagef("a namespace is written as {name: chat, presence: true, ...}",
		"%s: "+format, append([]any{src.name(path)}, args...)...)}
}

func (l *Loaded) validateOptions(path string, o *Options) error {
	const maxTTL = 365 * 24 * time.Hour
	switch history := o.HistorySize > 0 && o.HistoryTTL > 0; {
	case o.HistorySize < 0 || o.HistorySize > 1<<20:
		return l.bad(path+".history_size", "%d is out of range (0 to %d)", o.HistorySize, 1<<20)
	case o.HistoryTTL < 0 || o.HistoryTTL > maxTTL:
		return l.bad(path+".history_ttl", "%v is out of range (0 to %v)", o.HistoryTTL, maxTTL)
	case o.HistoryMetaTTL != 0 && o.HistoryMetaTTL < o.HistoryTTL:
		return l.bad(path+".history_meta_ttl", "%v is shorter than history_ttl (%v)", o.HistoryMetaTTL, o.HistoryTTL)
	case o.HistorySize > 0 && !history:
		return l.bad(path+".history_size", "a history needs history_ttl as well")
	case o.HistoryTTL > 0 && !history:
		return l.bad(path+".history_ttl", "a history needs history_size as well")
	case o.ForceRecovery && !history:
		return l.bad(path+".force_recovery", "recovery needs a history: set history_size and history_ttl")
	case o.AllowRecovery && !history:
		return l.bad(path+".allow_recovery", "recovery needs a history: set history_size and history_ttl")
	}
	if f := o.PublicationDataFormat; f != "" && f != DataJSON && f != DataBinary {
		return l.bad(path+".publication_data_format", "%q is not one of %s, %s", f, DataJSON, DataBinary)
	}
	return l.validateSlowConsumer(path+".slow_consumer", o)
}

// validateSlowConsumer: a member that recovers by its position would see a dropped message as lost.
func (l *Loaded) validateSlowConsumer(key string, o *Options) error {
	switch o.SlowConsumer {
	case "", SlowDisconnect:
		return nil
	case SlowDrop:
	default:
		return l.bad(key, "%q is not one of %s, %s", o.SlowConsumer, SlowDisconnect, SlowDrop)
	}
	for _, c := range []struct {
		on   bool
		with string
	}{
		{o.ForceRecovery, "force_recovery"},
		{o.AllowRecovery, "allow_recovery"},
		{o.ForcePositioning, "force_positioning"},
		{o.AllowPositioning, "allow_positioning"},
	} {
		if c.on {
			return l.bad(key, "drop does not go with %s: what was dropped would be taken for lost", c.with)
		}
	}
	return nil
}
