package room

// Op is what a Command asks for.
type Op uint8

// The commands.
const (
	Join          Op = iota + 1 // Member, Recover, Since, RejectUnrecovered
	Leave                       // Member.Conn, Member.Loop
	Publish                     // Body, IdempotencyKey, From
	Presence                    // who is here: ErrLimit above PresenceMax members
	PresenceStats               // how many are here
	History                     // Limit, HasSince, Since, Reverse
)

// Command is one request to a room. The byte slices belong to the room after
// Submit and must not be changed any more.
//
// Every submitted command is answered exactly once: by Done if it is set,
// otherwise by a Reply event to Member.Loop. A command without Done whose
// Member is the zero value (the server's own publishes) gets no answer.
type Command struct {
	Op      Op
	Room    string
	Options *Options
	Member  Member // who asks
	Token   uint64 // given back in the answer

	Recover           bool // Join: answer with what was missed after Since
	RejectUnrecovered bool // Join: ErrUnrecoverable instead of Recovered false
	HasSince          bool // History: only after Since (before it, if Reverse)
	Reverse           bool // History: newest first
	Since             Position

	// Limit of History: 0 the position only, -1 all up to the bounds of Config.
	Limit int

	Body []byte // Publish: the encoded publication without its offset
	// IdempotencyKey of a Publish: a repeat of the same publisher in the same
	// room, within the window, answers with the first one's offset and is not
	// stored again. The publisher is From.User, From.Client where that is
	// empty, or the server itself without From.
	IdempotencyKey string
	From           *Info // Publish: passed on to the log

	// Done gets the answer instead of a Reply event. It runs on the shard, so
	// it must not block and must not call Hub.Close.
	Done func(Answer)
}

// Answer is the result of one Command. The slices are fresh: they may be kept,
// what they point at is immutable.
type Answer struct {
	Op     Op
	Room   string
	Token  uint64
	Member Member
	Err    error // nil or *Error

	Position      Position      // Join, Publish (of the message), History
	Publications  []Publication // Join: what was missed, in order; History
	Recovered     bool          // Join: Publications is everything after Since, or with More the beginning of it
	More          bool          // Join: a page was missed and more; not a member yet: join again since Position, that of its end. History: a bound of Config has cut Publications
	WasRecovering bool          // Join: Recover was asked for
	Repeat        bool          // Publish: an idempotent repeat, nothing was stored

	Presence             []PresenceEntry
	NumClients, NumUsers int // Presence, PresenceStats
}

// EventKind tells what an Event is.
type EventKind uint8

// The kinds of events.
const (
	Broadcast    EventKind = iota + 1 // Buffer to the members of Room (on this loop)
	Reply                             // Answer to Answer.Member
	Insufficient                      // Answer.Member is a member no longer: unsubscribe it with code 2500
)

// Event is one thing for one loop. A loop's events are in order: a successful
// Join reply precedes every broadcast the member must get and follows every one
// it must not; the same holds the other way round for Leave and Insufficient.
// Events are valid until Deliver returns, what they point at (Answer included)
// too, except where Answer says otherwise.
type Event struct {
	Kind     EventKind
	Watchers bool // Broadcast: only to the members with WantJoinLeave
	Room     string
	Buffer   Buffer
	Answer   *Answer // Reply, Insufficient
}
