package config

import "time"

// Channel is the configuration of rooms, with the keys of Centrifugo.
type Channel struct {
	PrivatePrefix string `yaml:"private_prefix" default:"$" help:"Prefix of rooms that need a token to subscribe, whatever else is allowed. Empty: none do."`
	MaxLength     int    `yaml:"max_length" default:"255" help:"Bytes of the longest name of a room (up to 4096); longer ones are answered with error 107."`
	// WithoutNamespace are the options of rooms whose name has no "ns:" in front.
	WithoutNamespace Options     `yaml:"without_namespace"`
	Namespaces       []Namespace `yaml:"namespaces" help:"Options of the rooms named NAME:REST."`
}

// Namespace has the options of the rooms NAME:REST.
type Namespace struct {
	Name    string `yaml:"name"`
	Options `yaml:",inline"`
}

// Values of Options.PublicationDataFormat; empty is DataJSON.
const (
	DataJSON   = "json"
	DataBinary = "binary"
)

// Values of Options.SlowConsumer; empty is SlowDisconnect.
const (
	SlowDisconnect = "disconnect"
	SlowDrop       = "drop"
)

// Options of the rooms of one namespace, named as Centrifugo names them.
// Operations that are not allowed are answered with error 103.
type Options struct {
	Presence  bool `yaml:"presence" help:"Keep the list of members of the room."`
	JoinLeave bool `yaml:"join_leave" help:"Push joins and leaves to the members that ask for them."`

	HistorySize    int           `yaml:"history_size" help:"Messages kept per room. 0: none."`
	HistoryTTL     time.Duration `yaml:"history_ttl" help:"Time for which a message is kept, as 24h. Needs history_size."`
	HistoryMetaTTL time.Duration `yaml:"history_meta_ttl" help:"Accepted for files of Centrifugo. The position of a room without messages takes no memory here and is always kept."`

	ForceRecovery      bool `yaml:"force_recovery" help:"Every subscription recovers after a reconnect. Needs a history."`
	ForcePositioning   bool `yaml:"force_positioning" help:"Every subscription has a position that is checked."`
	ForcePushJoinLeave bool `yaml:"force_push_join_leave" help:"Push joins and leaves to every member."`
	AllowRecovery      bool `yaml:"allow_recovery" help:"Subscriptions that ask for it recover after a reconnect. Needs a history."`
	AllowPositioning   bool `yaml:"allow_positioning" help:"Subscriptions that ask for it have a position that is checked."`

	PublicationDataFormat string `yaml:"publication_data_format" help:"What a message may be: json (the default), or binary, any bytes: then only clients that speak Protobuf can use the channels."`

	SlowConsumer string `yaml:"slow_consumer" help:"Treatment of a member that does not keep up: disconnect (the default; it reconnects and recovers) or drop (it misses messages and is told how many; not with recovery or positioning)."`

	AllowSubscribeForClient    bool `yaml:"allow_subscribe_for_client" help:"Clients with a user id may subscribe."`
	AllowSubscribeForAnonymous bool `yaml:"allow_subscribe_for_anonymous" help:"Clients without a user id may subscribe too; needs allow_subscribe_for_client."`
	AllowPublishForClient      bool `yaml:"allow_publish_for_client" help:"Any client may publish."`
	AllowPublishForSubscriber  bool `yaml:"allow_publish_for_subscriber" help:"Members of the room may publish."`
	AllowPublishForAnonymous   bool `yaml:"allow_publish_for_anonymous" help:"Clients without a user id may publish too."`
	AllowPresenceForClient     bool `yaml:"allow_presence_for_client" help:"Any client may ask for presence."`
	AllowPresenceForSubscriber bool `yaml:"allow_presence_for_subscriber" help:"Members of the room may ask for presence."`
	AllowPresenceForAnonymous  bool `yaml:"allow_presence_for_anonymous" help:"Clients without a user id may ask for presence too."`
	AllowHistoryForClient      bool `yaml:"allow_history_for_client" help:"Any client may read the history."`
	AllowHistoryForSubscriber  bool `yaml:"allow_history_for_subscriber" help:"Members of the room may read the history."`
	AllowHistoryForAnonymous   bool `yaml:"allow_history_for_anonymous" help:"Clients without a user id may read the history too."`
	AllowUserLimitedChannels   bool `yaml:"allow_user_limited_channels" help:"A # in the name limits the room to the users after it, as dialog#42,43."`
}
