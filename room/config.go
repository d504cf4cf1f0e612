package room

import (
	"runtime"
	"time"
)

// Config are the settings of a Hub. A bound of 0 is replaced by its default, in
// brackets.
type Config struct {
	Loops   int // event loops of the caller, numbered from 0 [1]
	Shards  int // goroutines that own the rooms [GOMAXPROCS]
	Mailbox int // commands that may wait for one shard [16384]

	// Encode returns the push of a message in a form and sets p.Encoded[f], which
	// answers contain. It may set p.Data to the same bytes within p.Encoded[f], so
	// that the history holds them once. It runs on the shard, once for each message
	// and form that a member has or that a reader asks for, and again for a message
	// that a log returns without Encoded. nil: the push and Encoded are the Data.
	Encode func(room string, p *Publication, f Form) Buffer
	// EncodeJoin and EncodeLeave return the push of a join or leave in a form. They
	// run on the shard, once for each form of the receivers. nil: there are no such
	// pushes.
	EncodeJoin, EncodeLeave func(room string, m *Member, f Form) Buffer
	// Deliver takes the events of one turn of a shard for one loop. It runs on the
	// shard and must not block. The events are valid until it returns.
	Deliver func(loop int, events []Event)
	// Busy tells whether a loop can take no more: then publishes to rooms with
	// members there are refused with ErrBusy. It runs on the shard. nil: never.
	Busy func(loop int) bool
	// MayOpen tells whether a connection may make one more room, by a join or a
	// publish to a room with neither members nor history. If not, the command is
	// refused with ErrRate. It runs on the shards, on several at once. nil: always.
	MayOpen func(by *Info) bool
	// NewLog returns the log of a shard. nil: a log in memory.
	NewLog func(shard int, sink Sink) Log

	// The following bounds hold for the whole process, except RoomBytes and
	// PublisherBytes.

	MaxRooms     int   // rooms with members or history [1,000,000]
	HistoryBytes int64 // memory of the history, with its bookkeeping [256 MiB]
	// RoomBytes bounds the history of one room, and PublisherBytes that of one
	// publisher, a user or an anonymous connection. Beyond it the oldest messages of
	// the same are evicted. [a sixteenth of HistoryBytes, at least 1 MiB]
	RoomBytes, PublisherBytes int64

	// ForgottenRooms bounds the high-water marks, which tell for rooms without
	// members and history which messages were evicted [1,000,000]. Beyond it a
	// recovery may be refused although no message was missed.
	ForgottenRooms int

	JoinLeaveMaxMembers int           // members above which joins and leaves are not pushed [1,000]
	JoinLeaveDelay      time.Duration // a join and a leave closer than this cancel out [1 s]
	PresenceMax         int           // members above which Presence is refused with ErrLimit [1,000]

	RecoveryMaxPublications int // publications in one page of a recovery [1,000]
	RecoveryMaxBytes        int // bytes in one page; one publication always fits [128 KiB]
	HistoryMaxLimit         int // publications in one History answer [1,000]
	HistoryMaxBytes         int // bytes in one History answer; one publication always fits [128 KiB]
	PresenceMaxBytes        int // bytes above which Presence is refused with ErrLimit [256 KiB]

	IdempotencyWindow time.Duration // [5 min]
	IdempotencyKeys   int           // [100,000]

	LogTimeout  time.Duration // time for the log to answer [5 s]
	MaxInFlight int           // commands of one shard that wait for the log [Mailbox]

	// Clock returns the time of day, which messages carry, and the time on a
	// monotonic clock, by which everything else is measured. It runs on the shard,
	// once in each turn. nil: time.Now, and its monotonic reading since New.
	Clock func() (day time.Time, monotonic time.Duration)
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
		c.Encode = func(_ string, p *Publication, f Form) Buffer { p.Encoded[f] = p.Data; return p.Data }
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

// Reload takes from cfg the bounds that can change while the hub runs: MaxRooms,
// HistoryBytes, RoomBytes, PublisherBytes, ForgottenRooms, JoinLeaveMaxMembers,
// PresenceMax, RecoveryMaxPublications, RecoveryMaxBytes, HistoryMaxLimit,
// HistoryMaxBytes and PresenceMaxBytes. Each shard uses them from its next turn
// on. Members and rooms above a lower bound stay; history above one is evicted
// with the next messages. Any goroutine may call it, but one at a time.
func (h *Hub) Reload(cfg Config) {
	cfg = cfg.withDefaults()
	c := *h.live.Load()
	c.MaxRooms, c.HistoryBytes, c.ForgottenRooms = cfg.MaxRooms, cfg.HistoryBytes, cfg.ForgottenRooms
	c.RoomBytes, c.PublisherBytes = cfg.RoomBytes, cfg.PublisherBytes
	c.JoinLeaveMaxMembers, c.PresenceMax = cfg.JoinLeaveMaxMembers, cfg.PresenceMax
	c.RecoveryMaxPublications, c.RecoveryMaxBytes = cfg.RecoveryMaxPublications, cfg.RecoveryMaxBytes
	c.HistoryMaxLimit, c.HistoryMaxBytes, c.PresenceMaxBytes = cfg.HistoryMaxLimit, cfg.HistoryMaxBytes, cfg.PresenceMaxBytes
	h.budget.limit.Store(c.HistoryBytes)
	h.live.Store(&c)
}
