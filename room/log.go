package room

// Log stores the messages of the rooms of one shard. It is asynchronous: the
// outcome of a call is reported through the Sink, within the call or later, in
// any order between calls, from any goroutine.
//
// Only the shard's goroutine calls the methods, and they must not block. A log
// guarantees:
//
//   - Appends to one room are stored in the order of the calls.
//   - Between Open and Close of a room every message stored in it, by this node or
//     another, comes to Sink.Message in order of offset. A lost message is not
//     fatal: the Prev of the next one or Sink.Lost shows it.
//   - A Read that follows Open is answered only when the feed of messages is
//     established: what the answer does not cover comes to Sink.Message.
//   - Each Append and each Read is answered once. No answer within
//     Config.LogTimeout counts as unknown, and a later one is ignored.
type Log interface {
	// Open asks for the messages of a room, which is about to have members on this
	// node. An error refuses the join.
	Open(room string, o *Options) error
	// Close ends Open: the last member has left.
	Close(room string)
	// Append stores one message. The answer is Sink.Appended.
	Append(token uint64, a Append)
	// Read asks for the position and messages of a room, which need not be open.
	// The answer is Sink.Found.
	Read(token uint64, q Query)
	// Shutdown ends the log. The shard calls nothing after it.
	Shutdown()
}

// keeper is a Log that keeps rooms without members, and counts all its rooms
// against Config.MaxRooms itself. The memory log is one.
type keeper interface {
	// Keeps tells whether the log has the room, so that Open makes no new one.
	Keeps(room string) bool
	// Sweep drops a bounded number of expired entries. It reports whether there
	// is more to look at.
	Sweep() (more bool)
	// Empty tells whether there is nothing that could expire.
	Empty() bool
}

// countedLog counts the open rooms of a log that is no keeper.
type countedLog struct {
	Log
	hub *Hub
}

func (l countedLog) Open(room string, o *Options) error {
	if !l.hub.reserveRoom(0) {
		l.hub.limits.maxRooms.Add(1)
		return ErrLimit
	}
	err := l.Log.Open(room, o)
	if err != nil {
		l.hub.releaseRoom()
	}
	return err
}

func (l countedLog) Close(room string) {
	l.Log.Close(room)
	l.hub.releaseRoom()
}

// Append is one message for the log. Key, if it is not empty, is the idempotency
// key together with its publisher, as bytes. A log shared by several nodes should
// not store a repeat of a key in the same room, and answer it with the first
// one's position.
type Append struct {
	Room    string
	Options *Options
	Data    []byte
	From    *Info // must be copied if it is kept: it belongs to the connection
	Time    int64 // unix milliseconds
	Key     string
}

// Query asks for a room's position and messages.
type Query struct {
	Room    string
	Options *Options
	// HasSince: only messages after Since.Offset (before it, with Reverse). The log
	// ignores Since.Epoch; the shard compares it.
	HasSince bool
	Since    Position
	Reverse  bool // newest first
	Limit    int  // number of messages at most; 0 = only the position
	MaxBytes int  // bytes of them at most; the first always fits
	Form     Form // a log that keeps Encoded may encode them in this form
}

// Result answers a Query. Publications may be without Encoded: then the shard
// encodes them in the form that is needed. Each has the Prev of the room; the first one's is not above
// Since.Offset if no message is missing in between.
type Result struct {
	// Position is not below any message that was stored in the room when the log
	// read it.
	Position     Position
	Publications []Publication
	// Complete: Publications are all messages between Since and Position. None was
	// evicted, cut off by a bound, or lost.
	Complete bool
	// More: Limit or MaxBytes ended Publications and more follow in that direction.
	More bool
	Err  error
}

// Stored answers an Append. A nil Err acknowledges it, an *Error refuses it, and
// any other error means that the outcome is unknown.
type Stored struct {
	Position Position
	Err      error
}

// Sink receives what a log reports. Any goroutine may call it and no call blocks.
// The arguments belong to the shard.
type Sink interface {
	Appended(token uint64, s Stored)
	Found(token uint64, r Result)
	// Message brings one message of an open room, with Prev and Offset.
	Message(room string, p *Publication)
	// Lost reports that messages of the room ("" = of every room) may have been
	// lost, for instance after a reconnection. The shard reads what it misses.
	Lost(room string)
}
