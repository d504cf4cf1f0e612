package protocol

import "iter"

// A form of the protocol is JSON or Protobuf: a connection has one, and the rooms have members of both. The packages
// jsonwire and pbwire implement the following interfaces; package codecs has them as a table.

// Reader reads the commands of frames. It borrows the frame: what a command or a decoded request refers to is valid until
// the next Reset. It is not safe for concurrent use.
type Reader interface {
	// Reset begins the payload of another frame.
	Reset(frame []byte)
	// Next returns the next command. The error is io.EOF at the end of the frame; [ErrMalformed] when nothing in the rest
	// of the frame can be trusted; or an [*Error] with the code of [ErrBadRequest], which is the answer to Command.ID.
	Next() (Command, error)

	// The Decode methods decode the request of a command. The error is an [*Error] with the code of [ErrBadRequest].

	DecodeConnect(c Command, req *ConnectRequest) error
	DecodeSubscribe(c Command, req *SubscribeRequest) error
	DecodePublish(c Command, req *PublishRequest) error
	DecodeHistory(c Command, req *HistoryRequest) error
	DecodeChannel(c Command, req *ChannelRequest) error
	DecodeRefresh(c Command, req *RefreshRequest) error

	// OwnData returns a copy of data from a request: JSON without line ends, which every form can carry. The error is an
	// [*Error] with the code of [ErrBadRequest].
	OwnData(data Raw) ([]byte, error)
}

// Writer appends replies and pushes to a []byte and returns the extended slice. It has no state: any goroutine may call
// it.
type Writer interface {
	// AppendEmptyReply appends the reply of a method whose result has no fields: unsubscribe or ping.
	AppendEmptyReply(dst []byte, id uint32, m Method) []byte
	// AppendError appends an error reply.
	AppendError(dst []byte, id uint32, e *Error) []byte
	// AppendConnect appends the reply to connect.
	AppendConnect(dst []byte, id uint32, r *ConnectResult) []byte
	// AppendRefresh appends the reply to refresh: of r, Client, Version and the expiry.
	AppendRefresh(dst []byte, id uint32, r *ConnectResult) []byte
	// AppendSubscribe appends the reply to subscribe. publications are the encoded publications of a recovery, or nil.
	AppendSubscribe(dst []byte, id uint32, r *SubscribeResult, publications iter.Seq[[]byte]) []byte
	// AppendPublish appends the reply to publish: nothing with offset 0, and otherwise the position of the message.
	AppendPublish(dst []byte, id uint32, offset uint64, epoch string) []byte
	// AppendPresenceStats appends the reply to presence_stats.
	AppendPresenceStats(dst []byte, id uint32, clients, users int) []byte
	// AppendPresence appends the reply to presence.
	AppendPresence(dst []byte, id uint32, clients iter.Seq[ClientInfo]) []byte
	// AppendHistory appends the reply to history. more: a limit of the server has cut the list.
	AppendHistory(dst []byte, id uint32, publications iter.Seq[[]byte], epoch string, offset uint64, more bool) []byte

	// PushSize returns about the most bytes that AppendPush appends.
	PushSize(channel string, data []byte, info *ClientInfo) int
	// AppendPush appends the push of a publication. It also returns two parts of it: the encoded publication, which
	// recovery and history send as well, and the data within it. A nil info, offset 0 and ms 0 (Unix time) are left out.
	AppendPush(dst []byte, channel string, data []byte, info *ClientInfo, offset uint64, ms int64) (push, publication, raw []byte)
	// AppendPushObject appends the push of a publication that is encoded already.
	AppendPushObject(dst []byte, channel string, publication []byte) []byte
	// AppendJoin and AppendLeave append the push about a client that joined or left.
	AppendJoin(dst []byte, channel string, info *ClientInfo) []byte
	AppendLeave(dst []byte, channel string, info *ClientInfo) []byte
	// AppendDropped appends the message push with the number of publications that a slow client missed.
	AppendDropped(dst []byte, channel string, n int) []byte
	// AppendUnsubscribe appends the push that ends a subscription.
	AppendUnsubscribe(dst []byte, channel string, u *Unsubscribe) []byte
}
