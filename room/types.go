package room

import (
	"time"
	"unsafe"
)

// Buffer is one encoded push. Config.Encode makes it and an Event hands it back;
// the room does not look into it. It must be immutable, since all loops get the
// same one.
type Buffer any

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
}

// Publication is one message of a room, as its parts. It is in no wire format, so
// that a log can store it for any. Everything it points at is immutable.
type Publication struct {
	Offset, Prev uint64 // Prev: offset of the message before it in the room, 0 if none is known
	Time         int64  // unix milliseconds of the system clock, which may have been set since
	Data         []byte // as published
	From         *Info  // the publisher, nil for the server
	Encoded      []byte // the publication in the caller's wire format, as Config.Encode has set it
}

// size returns the bytes that the publication takes in an answer.
func (p *Publication) size() int {
	if p.Encoded != nil {
		return len(p.Encoded)
	}
	return len(p.Data)
}

// bytes returns the memory of Data and Encoded. Data may be a part of Encoded.
func (p *Publication) bytes() int {
	if len(p.Data) == 0 || contains(p.Encoded, p.Data) {
		return len(p.Encoded)
	}
	return len(p.Data) + len(p.Encoded)
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
