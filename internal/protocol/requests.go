package protocol

import "github.com/mailru/easyjson"

//go:generate go run github.com/mailru/easyjson/easyjson@v0.9.2 -no_std_marshalers requests.go

// Raw is JSON that is carried as it came. In a decoded request it is a part of the frame: copy what is kept.
type Raw = easyjson.RawMessage

// ConnectRequest is the first command of a connection. Its subs field (positions of server-side subscriptions) is
// not decoded: throng assigns none, and names that the server did not assign are ignored.
//
//easyjson:json
type ConnectRequest struct {
	Token   string            `json:"token,omitempty"`
	Data    Raw               `json:"data,omitempty"`
	Name    string            `json:"name,omitempty"`
	Version string            `json:"version,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// SubscribeRequest joins a room, and resumes in it when Recover is set.
//
//easyjson:json
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
	Type        int32  `json:"type,omitempty"` // other than 0: maps and shared polls, which throng has not
	TagsFilter  Raw    `json:"tf,omitempty"`   // a filter on tags, which throng has not
}

// FlagRejectUnrecovered asks for error 112 instead of recovered:false. Bit 1, channel compaction, is an optimisation
// that a server may ignore.
const FlagRejectUnrecovered = 2

// PublishRequest sends a message into a room. IdempotencyKey is an addition to the protocol: a repeat of the same publisher with the same key is
// answered with the offset of the first.
//
//easyjson:json
type PublishRequest struct {
	Channel        string `json:"channel,omitempty"`
	Data           Raw    `json:"data,omitempty"`
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	Type           int32  `json:"type,omitempty"` // other than 0: an entry of a map, which throng has not
}

// HistoryRequest reads what a room remembers. Limit 0 asks for the position alone, a negative one for everything.
//
//easyjson:json
type HistoryRequest struct {
	Channel string          `json:"channel,omitempty"`
	Limit   int32           `json:"limit,omitempty"`
	Since   *StreamPosition `json:"since,omitempty"`
	Reverse bool            `json:"reverse,omitempty"`
}

// StreamPosition is a place in the history of a room.
//
//easyjson:json
type StreamPosition struct {
	Offset uint64 `json:"offset,omitempty"`
	Epoch  string `json:"epoch,omitempty"`
}

// ChannelRequest is the request of the methods that only name a room: unsubscribe, presence, presence_stats, and
// sub_refresh with a token.
//
//easyjson:json
type ChannelRequest struct {
	Channel string `json:"channel,omitempty"`
	Token   string `json:"token,omitempty"`
}

// DataRequest is the request of send and rpc.
//
//easyjson:json
type DataRequest struct {
	Data   Raw    `json:"data,omitempty"`
	Method string `json:"method,omitempty"`
}

// RefreshRequest brings a new connection token.
//
//easyjson:json
type RefreshRequest struct {
	Token string `json:"token,omitempty"`
}
