package room

import "time"

// Buffer is one encoded push, made by Config.Encode and handed back in an
// Event. The room never looks into it. It must be immutable: every loop gets
// the same one.
type Buffer any

// ID names a client connection, unique across nodes and restarts.
type ID [16]byte

// Position is a place in the order of a room. Offsets of a room rise strictly
// but are not contiguous: nobody computes Offset + 1. Offsets of different
// epochs cannot be compared. A client's position may have no epoch: its offset
// is taken for one of the room's present epoch.
type Position struct {
	Offset uint64
	Epoch  string
}

// of tells whether p is a position of this epoch. One without an epoch is a
// position in whatever there is.
func (p Position) of(epoch string) bool { return p.Epoch == "" || p.Epoch == epoch }

// Info is what is known about a connection, the same in all its rooms:
// immutable, one per connection, shared by its memberships.
type Info struct {
	Client   ID
	User     string
	ConnInfo []byte // raw, as it came
}

// Member is one connection in one room. Conn is the edge's handle of the
// connection and the identity of the member; it is unique among live
// connections and never 0. Loop is where the connection lives.
type Member struct {
	Conn          uint64
	Loop          int
	Info          *Info
	ChanInfo      []byte
	WantJoinLeave bool
}

// Publication is one message of a room. Prev is the offset of the room's
// message before it (0: none that is known). Body is the encoded publication
// without its offset, as the edge made it; Object is what Encode made of it,
// with the offset. Both are immutable. Body is dropped once there is an Object.
type Publication struct {
	Offset, Prev uint64
	Time         int64 // unix milliseconds, to be shown: the clock may have been set meanwhile
	Body, Object []byte
}

func (p *Publication) size() int {
	if p.Object != nil {
		return len(p.Object)
	}
	return len(p.Body)
}

// Options are the settings of a room, usually of its namespace: immutable, and
// one value shared by all commands of that namespace.
type Options struct {
	Namespace      string        // whose rooms these are: a room is always of the same one
	HistorySize    int           // messages kept; 0 = none
	HistoryTTL     time.Duration // how long they are kept; 0 = no limit of age
	Presence       bool          // who is here, and how many
	JoinLeave      bool          // push joins and leaves to members that want them
	ForceJoinLeave bool          // every member wants them: they go to the whole room, not to Watchers
	Recoverable    bool          // the edge's business, not read here
	Positioned     bool          // the edge's business, not read here
}

// keeps says whether messages outlive their broadcast.
func (o *Options) keeps() bool { return o.HistorySize > 0 }

// PresenceEntry is one member in the answer of a Presence command.
type PresenceEntry struct {
	Info     *Info
	ChanInfo []byte
}
