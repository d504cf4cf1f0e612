package protocol

import "github.com/mailru/easyjson"

// Raw is the JSON of an application, carried byte for byte. In a decoded request it aliases the frame: copy what is kept.
type Raw = easyjson.RawMessage

// ConnectRequest is the first command of a connection. Its subs field (positions of server-side subscriptions) is
// not decoded: throng assigns none, and names that the server did not assign are ignored.
type ConnectRequest struct {
	Token   string            `json:"token,omitempty"`
	Data    Raw               `json:"data,omitempty"`
	Name    string            `json:"name,omitempty"`
	Version string            `json:"version,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// SubscribeRequest subscribes to a channel. With Recover set it resumes from Epoch and Offset.
type SubscribeRequest struct {
	Channel     string `json:"channel,omitempty"`
	Token       string `json:"token,omitempty"`
	Recover     bool   `json:"recover,omitempty"`
	Epoch       string `json:"epoch,omitempty"`
	Offset      uint64 `json:"offset,omitempty"`
	Data        Raw    `json:"data,omitempty"`
	Positioned  bool   `json:"positioned,omitempty"`
	Recoverable bool   `json:"recoverable,omitempty"`
	JoinLeave   bool   `json:"join_leave,omitempty"`
	Flag        uint64 `json:"flag,omitempty"` // FlagRejectUnrecovered; unknown bits are ignored
	Type        int32  `json:"type,omitempty"` // other than 0: a map or a shared poll, which throng does not have
	TagsFilter  Raw    `json:"tf,omitempty"`   // a filter on tags, which throng does not have
}

// FlagRejectUnrecovered asks for error 112 instead of recovered:false. Bit 1, channel compaction, is an optimisation
// that a server may ignore.
const FlagRejectUnrecovered = 2

// PublishRequest publishes a message to a channel. IdempotencyKey is an addition to the protocol: a repeat by the same
// publisher with the same key is answered with the offset of the first.
type PublishRequest struct {
	Channel        string `json:"channel,omitempty"`
	Data           Raw    `json:"data,omitempty"`
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	Type           int32  `json:"type,omitempty"` // other than 0: an entry of a map, which throng does not have
}

// HistoryRequest reads the history of a channel. Limit 0 asks for the position alone, a negative limit for everything.
type HistoryRequest struct {
	Channel string          `json:"channel,omitempty"`
	Limit   int32           `json:"limit,omitempty"`
	Since   *StreamPosition `json:"since,omitempty"`
	Reverse bool            `json:"reverse,omitempty"`
}

// StreamPosition is a position in the history of a channel.
type StreamPosition struct {
	Offset uint64 `json:"offset,omitempty"`
	Epoch  string `json:"epoch,omitempty"`
}

// ChannelRequest is the request of the methods that only name a channel: unsubscribe, presence, presence_stats, and
// sub_refresh with a token.
type ChannelRequest struct {
	Channel string `json:"channel,omitempty"`
	Token   string `json:"token,omitempty"`
}

// RefreshRequest brings a new connection token.
type RefreshRequest struct {
	Token string `json:"token,omitempty"`
}
