package room

// Op is the kind of a Command.
type Op uint8

// The commands, each with the fields that it uses beside Room and Options.
const (
	Join          Op = iota + 1 // Member, Recover, Since, RejectUnrecovered
	Leave                       // Member.Conn, Member.Loop
	Publish                     // Data, IdempotencyKey, From
	Presence                    // lists the members; ErrLimit above PresenceMax
	PresenceStats               // counts the members
	History                     // Limit, HasSince, Since, Reverse
)

// Command is one request to a room. Its byte slices belong to the room after
// Submit and must not be changed any more.
//
// Every command that Submit takes is answered once: by Done if it is set, and
// otherwise by a Reply event to Member.Loop. A command with neither Done nor
// Member has no answer, as the server's own publishes.
type Command struct {
	Op      Op
	Room    string
	Options *Options
	Member  Member // sender of the command
	Token   uint64 // returned in the answer

	Recover           bool // Join: answer with what was missed after Since
	RejectUnrecovered bool // Join: ErrUnrecoverable instead of Recovered false
	HasSince          bool // History: only after Since (before it, with Reverse)
	Reverse           bool // History: newest first
	Since             Position

	// Limit of History: 0 for the position only, -1 for all within the bounds of
	// Config.
	Limit int

	Data []byte // Publish: the message
	// IdempotencyKey of a Publish. A repeat by the same publisher in the same room,
	// within Config.IdempotencyWindow, is answered with the position of the first
	// and not stored again. The publisher is From.User, From.Client if that is
	// empty, or the server without From.
	IdempotencyKey string
	From           *Info // Publish: the publisher, nil for the server

	// Done gets the answer instead of a Reply event. It runs on the shard: it must
	// not block and not call Hub.Close.
	Done func(Answer)
}

// Answer is the result of one Command. Its slices may be kept; what they point at
// is immutable.
type Answer struct {
	Op     Op
	Room   string
	Token  uint64
	Member Member
	Err    error // nil or *Error

	// Position of the room (Join, History) or of the message (Publish).
	Position     Position
	Publications []Publication // Join: what was missed, in order; History
	// Recovered, of a Join: Publications is everything after Since; with More it is
	// the first page of that.
	Recovered bool
	// More, of a Join: there are further pages. The connection is not a member yet:
	// it joins again with Since = Position, the end of this page. Of a History: a
	// bound of Config has cut Publications.
	More          bool
	WasRecovering bool // Join: Recover was set
	Repeat        bool // Publish: a repeat, nothing was stored

	Presence             []PresenceEntry
	NumClients, NumUsers int // Presence, PresenceStats
}

// EventKind is the kind of an Event.
type EventKind uint8

// The kinds of events.
const (
	Broadcast    EventKind = iota + 1 // Buffer for the members of Room on this loop
	Reply                             // Answer for Answer.Member
	Insufficient                      // Answer.Member was removed because of ErrInsufficient: it should join again
)

// Event is one event for one loop. The events of a loop are in order: the Reply
// to a successful Join precedes every Broadcast that the member must get and
// follows every one that it must not. The same holds the other way round for
// Leave and Insufficient. An event, its Answer included, is valid until Deliver
// returns, except where Answer says otherwise.
type Event struct {
	Kind     EventKind
	Form     Form // Broadcast: only for members of this form
	Watchers bool // Broadcast: only for members with WantJoinLeave
	Room     string
	Buffer   Buffer
	Answer   *Answer // Reply, Insufficient
}
