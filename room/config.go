package room

import (
	"runtime"
	"time"
)

// Config is what a Hub needs to know. The zero value of each bound is its
// default, in brackets.
type Config struct {
	Loops   int // event loops of the edge, numbered from 0 [1]
	Shards  int // goroutines that own the rooms [GOMAXPROCS]
	Mailbox int // commands that may wait for one shard [16384]

	// Encode makes the push of a message, sets p.Object, and is called on the
	// shard once per message (again only for those read back from a log that
	// returns no Object). nil: the buffer is the Body.
	Encode func(room string, p *Publication) Buffer
	// EncodeJoin and EncodeLeave make the push of a join or leave, on the
	// shard, once per event. nil: there are none.
	EncodeJoin, EncodeLeave func(room string, m *Member) Buffer
	// Deliver hands a loop its events, on the shard, once per turn and loop
	// that has any. It must not block. The events are valid until it returns.
	Deliver func(loop int, events []Event)
	// Busy says that a loop can take no more: publishes to rooms with members
	// there are refused with ErrBusy. Called on the shard. nil: never.
	Busy func(loop int) bool
	// MayOpen says that a connection may make one more room: a join or a
	// publish of it comes to a room that has neither members nor messages.
	// Otherwise that is answered with ErrRate. Called on the shard, from several
	// at once. nil: always.
	MayOpen func(by *Info) bool
	// NewLog makes the log of one shard. nil: in memory.
	NewLog func(shard int, sink Sink) Log

	MaxRooms     int   // rooms with members or history, of the process [1,000,000]
	HistoryBytes int64 // history in memory, of the process, with what it takes to find it [256 MiB]
	// RoomBytes is how much of that one room may have, and PublisherBytes what
	// one publisher has published, a user or a connection that is anonymous:
	// beyond it the oldest of the same go. [a sixteenth of HistoryBytes, at least 1 MiB]
	RoomBytes, PublisherBytes int64

	// ForgottenRooms are rooms without members and messages of which it is
	// known what they have lost, of the process [1,000,000]. Beyond them a
	// recovery may be refused though nothing was missed.
	ForgottenRooms int

	JoinLeaveMaxMembers int           // above it no join or leave is pushed [1,000]
	JoinLeaveDelay      time.Duration // a join and a leave closer than this cancel out [1 s]
	PresenceMax         int           // above it Presence answers ErrLimit [1,000]

	RecoveryMaxPublications int // a join that missed more gets it in pages of so many [1,000]
	RecoveryMaxBytes        int // and of so many bytes at most (one publication always fits) [128 KiB]
	HistoryMaxLimit         int // publications in one History answer [1,000]
	HistoryMaxBytes         int // and bytes of them (one publication always fits) [128 KiB]
	PresenceMaxBytes        int // above it Presence answers ErrLimit [256 KiB]

	IdempotencyWindow time.Duration // [5 min]
	IdempotencyKeys   int           // of the process [100,000]

	LogTimeout  time.Duration // no answer of the log in this time: unknown [5 s]
	MaxInFlight int           // commands of one shard that wait for the log [Mailbox]

	// Clock reads the time of day, which messages carry, and the time that has
	// passed on a clock that nobody sets, by which everything else is measured.
	// Called on the shard, once per turn. nil: time.Now, and its monotonic
	// reading since New.
	Clock func() (day time.Time, passed time.Duration)
}

func (c Config) withDefaults() Config {
	def(&c.Loops, 1)
	def(&c.Shards, runtime.GOMAXPROCS(0))
	def(&c.Mailbox, 16384)
	def(&c.MaxRooms, 1_000_000)
	def(&c.HistoryBytes, 256<<20)
	def(&c.RoomBytes, max(c.HistoryBytes/16, 1<<20))
	def(&c.PublisherBytes, max(c.HistoryBytes/16, 1<<20))
	def(&c.ForgottenRooms, 1_000_000)
	def(&c.JoinLeaveMaxMembers, 1000)
	def(&c.JoinLeaveDelay, time.Second)
	def(&c.PresenceMax, 1000)
	def(&c.RecoveryMaxPublications, 1000)
	def(&c.RecoveryMaxBytes, 128<<10)
	def(&c.HistoryMaxLimit, 1000)
	def(&c.HistoryMaxBytes, 128<<10)
	def(&c.PresenceMaxBytes, 256<<10)
	def(&c.IdempotencyWindow, 5*time.Minute)
	def(&c.IdempotencyKeys, 100_000)
	def(&c.LogTimeout, 5*time.Second)
	def(&c.MaxInFlight, c.Mailbox)
	return c.withFuncs()
}

func (c Config) withFuncs() Config {
	if c.Encode == nil {
		c.Encode = func(_ string, p *Publication) Buffer { p.Object = p.Body; return p.Body }
	}
	if c.Deliver == nil {
		c.Deliver = func(int, []Event) {}
	}
	if c.Clock == nil {
		began := time.Now()
		c.Clock = func() (time.Time, time.Duration) {
			now := time.Now()
			return now, now.Sub(began)
		}
	}
	return c
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
