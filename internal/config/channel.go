package config

import "time"

// Channel is the part of the configuration about rooms, as in Centrifugo.
type Channel struct {
	PrivatePrefix string `yaml:"private_prefix" default:"$" help:"Rooms whose name begins with it need a token to subscribe, whatever else is allowed. Empty: no room does."`
	MaxLength     int    `yaml:"max_length" default:"255" help:"Bytes of the longest name of a room (up to 4096); longer ones are answered with error 107."`
	// WithoutNamespace holds for rooms whose name has no "ns:" in front.
	WithoutNamespace Options     `yaml:"without_namespace"`
	Namespaces       []Namespace `yaml:"namespaces" help:"Options of the rooms named NAME:REST."`
}

// Namespace gives the rooms NAME:REST their options.
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
// Whatever is not allowed here is answered with error 103.
type Options struct {
	Presence  bool `yaml:"presence" help:"Keep who is in the room."`
	JoinLeave bool `yaml:"join_leave" help:"Push a message when somebody joins or leaves, to those who asked for it."`

	HistorySize    int           `yaml:"history_size" help:"Messages kept per room. 0: none."`
	HistoryTTL     time.Duration `yaml:"history_ttl" help:"How long a message is kept, as 24h. Goes with history_size."`
	HistoryMetaTTL time.Duration `yaml:"history_meta_ttl" help:"Accepted for files of Centrifugo. The position of a room without messages costs nothing here and is always kept."`

	ForceRecovery      bool `yaml:"force_recovery" help:"Every subscription resumes after a reconnect. Needs a history."`
	ForcePositioning   bool `yaml:"force_positioning" help:"Every subscription has its position checked."`
	ForcePushJoinLeave bool `yaml:"force_push_join_leave" help:"Push joins and leaves to every member, asked for or not."`
	AllowRecovery      bool `yaml:"allow_recovery" help:"Subscriptions that ask for it resume after a reconnect. Needs a history."`
	AllowPositioning   bool `yaml:"allow_positioning" help:"Subscriptions that ask for it have their position checked."`

	PublicationDataFormat string `yaml:"publication_data_format" help:"What a message may be: json (the default), or binary, any bytes: then only clients that speak Protobuf can use the channels."`

	SlowConsumer string `yaml:"slow_consumer" help:"What becomes of a member that does not keep up: disconnect (the default; it comes back and recovers) or drop (it misses messages and is told how many; not with recovery or positioning)."`

	AllowSubscribeForClient    bool `yaml:"allow_subscribe_for_client" help:"Clients with a user id may subscribe."`
	AllowSubscribeForAnonymous bool `yaml:"allow_subscribe_for_anonymous" help:"Clients without a user id may subscribe too; goes with allow_subscribe_for_client."`
	AllowPublishForClient      bool `yaml:"allow_publish_for_client" help:"Any client may publish."`
	AllowPublishForSubscriber  bool `yaml:"allow_publish_for_subscriber" help:"Members of the room may publish."`
	AllowPublishForAnonymous   bool `yaml:"allow_publish_for_anonymous" help:"Those without a user id may publish too."`
	AllowPresenceForClient     bool `yaml:"allow_presence_for_client" help:"Any client may ask who is there."`
	AllowPresenceForSubscriber bool `yaml:"allow_presence_for_subscriber" help:"Members of the room may ask who is there."`
	AllowPresenceForAnonymous  bool `yaml:"allow_presence_for_anonymous" help:"Those without a user id may ask too."`
	AllowHistoryForClient      bool `yaml:"allow_history_for_client" help:"Any client may read the history."`
	AllowHistoryForSubscriber  bool `yaml:"allow_history_for_subscriber" help:"Members of the room may read the history."`
	AllowHistoryForAnonymous   bool `yaml:"allow_history_for_anonymous" help:"Those without a user id may read too."`
	AllowUserLimitedChannels   bool `yaml:"allow_user_limited_channels" help:"A # in the name limits the room to the users after it, as dialog#42,43."`
}
