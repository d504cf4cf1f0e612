package room

import (
	"time"
	"unsafe"
)

// Buffer is one encoded push. Config.Encode makes it and an Event hands it back;
// the room does not look into it. It must be immutable, since all loops get the
// same one.
type Buffer any

// Form is a wire format of the caller. Each member has one. A message is encoded
// in a form when a member or a reader of that form needs it, once.
type Form uint8

// Forms is the number of forms that a caller may have.
const Forms = 2

// ID identifies a client connection. It is unique across nodes and restarts.
type ID [16]byte

// Position is a place in the order of a room. Offsets of a room rise strictly but
// are not contiguous, so nobody computes Offset + 1. Offsets of different epochs
// cannot be compared. A position without an epoch has the room's present one.
type Position struct {
	Offset uint64
	Epoch  string
}

// of tells whether p is a position of this epoch, or has none.
func (p Position) of(epoch string) bool { return p.Epoch == "" || p.Epoch == epoch }

// Info describes a connection. There is one for each connection, shared by its
// memberships, and it is immutable.
type Info struct {
	Client   ID
	User     string
	ConnInfo []byte // as the caller encodes it
}

// Member is one connection in one room. Conn is the caller's handle of the
// connection and identifies the member: it is not 0 and unique among connections.
// Loop is the number of the connection's event loop.
type Member struct {
	Conn          uint64
	Loop          int
	Info          *Info
	ChanInfo      []byte
	WantJoinLeave bool
	Form          Form // in which it is sent pushes and publications
}

// Publication is one message of a room, as its parts. It is in no wire format, so
// that a log can store it for any. Everything it points at is immutable.
type Publication struct {
	Offset, Prev uint64 // Prev: offset of the message before it in the room, 0 if none is known
	Time         int64  // unix milliseconds of the system clock, which may have been set since
	Data         []byte // as published
	From         *Info  // the publisher, nil for the server
	// Encoded is the publication in the caller's wire formats, as Config.Encode has
	// set it: nil in a form that nobody has needed yet.
	Encoded [Forms][]byte
}

// size returns the bytes that the publication takes in an answer of this form.
func (p *Publication) size(f Form) int {
	if p.Encoded[f] != nil {
		return len(p.Encoded[f])
	}
	return len(p.Data)
}

// bytes returns the memory of Data and Encoded. Data may be a part of one Encoded.
func (p *Publication) bytes() int {
	n, alone := 0, len(p.Data)
	for _, b := range p.Encoded {
		if n += len(b); contains(b, p.Data) {
			alone = 0
		}
	}
	return n + alone
}

// contains tells whether part lies in the memory of b.
func contains(b, part []byte) bool {
	at, from := uintptr(unsafe.Pointer(unsafe.SliceData(part))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return at >= from && at < from+uintptr(len(b))
}

// Options are the settings of a room, usually those of its namespace. They are
// immutable, and all commands of a namespace should share one value.
type Options struct {
	Namespace      string        // of the room, always the same one
	HistorySize    int           // number of messages that are kept; 0 = none
	HistoryTTL     time.Duration // age up to which messages are kept; 0 = any
	Presence       bool          // Presence and PresenceStats are answered
	JoinLeave      bool          // joins and leaves are pushed to members with WantJoinLeave
	ForceJoinLeave bool          // with JoinLeave: they are pushed to all members (Event.Watchers is false)
}

// keeps tells whether messages are kept as history.
func (o *Options) keeps() bool { return o.HistorySize > 0 }

// PresenceEntry is one member in the answer to a Presence command.
type PresenceEntry struct {
	Info     *Info
	ChanInfo []byte
}
