package room

// Log keeps the messages of the rooms of one shard. It is asynchronous: what
// comes of a call is reported through the Sink, at once (within the call) or
// later, in any order between calls, from any goroutine.
//
// The methods are called by the shard's goroutine alone and must not block.
// What the log has to hold:
//
//   - Appends to one room are stored in the order in which they were handed over.
//   - Between Open and Close of a room every message stored in it comes to
//     Sink.Message in order of offset, this node's and other nodes'. Losing one
//     is not fatal: the next message shows it by its Prev, or Sink.Lost tells.
//   - A Read that follows Open is answered only when the feed of messages is
//     established: whatever the answer does not cover comes to Sink.Message.
//   - Each Append and each Read is answered once. No answer within
//     Config.LogTimeout is taken as unknown, a later one is ignored.
type Log interface {
	// Open asks for the messages of a room: it is about to have members here.
	// An error refuses the join.
	Open(room string, o *Options) error
	// Close ends Open: nobody is here any more.
	Close(room string)
	// Append hands one message over; the answer is Sink.Appended.
	Append(token uint64, a Append)
	// Read asks for the position and the messages of a room, which need not be
	// open; the answer is Sink.Found.
	Read(token uint64, q Query)
	// Shutdown ends the log. The shard calls nothing after it.
	Shutdown()
}

// Append is one message for the log. Key, if any, is the idempotency key
// together with its publisher, as bytes: a log shared by several nodes should
// refuse to store a repeat in the same room, and answer with the first one's
// position.
type Append struct {
	Room    string
	Options *Options
	Body    []byte
	Key     string
	From    *Info
	Time    int64 // unix milliseconds
}

// Query asks for a room's position and for messages of it.
type Query struct {
	Room    string
	Options *Options
	// HasSince: only messages after Since.Offset (before it, if Reverse).
	// Since.Epoch is not the log's business: the shard compares it.
	HasSince bool
	Since    Position
	Reverse  bool // newest first
	Limit    int  // at most this many messages; 0 = none, only the position
	MaxBytes int  // and at most so many bytes of them (the first always fits)
}

// Result answers a Query. Publications may carry Body only, then the shard
// encodes them. Each has the Prev of the room: the first one's is not above
// Since.Offset if nothing is missing in between.
type Result struct {
	// Position is not below any message stored in the room when the log read it.
	Position     Position
	Publications []Publication
	// Complete: Publications are all messages between Since and Position;
	// nothing is evicted, cut off by a bound, or lost.
	Complete bool
	// More: Limit or MaxBytes ended Publications, and there are further ones in that direction.
	More bool
	Err  error
}

// Stored answers an Append: nil Err is the acknowledgement, an *Error a
// refusal, anything else means that it is unknown.
type Stored struct {
	Position Position
	Err      error
}

// Sink is where a log reports. Any goroutine may call; no call blocks. What is
// handed over belongs to the shard.
type Sink interface {
	Appended(token uint64, s Stored)
	Found(token uint64, r Result)
	// Message brings one message of an open room, with Prev and Offset.
	Message(room string, p *Publication)
	// Lost says that messages of the room ("" = of every room) may have been
	// missed, for instance after a reconnection: the shard reads up on them.
	Lost(room string)
}
