package room

import (
	"hash/maphash"
	"sync/atomic"
)

// Hub is all rooms of a process. Any goroutine may call its methods.
type Hub struct {
	cfg        Config                 // as given to New
	live       atomic.Pointer[Config] // cfg with the changes of Reload
	seed       maphash.Seed
	rooms      atomic.Int64 // counted against Config.MaxRooms
	forgotten  atomic.Int64 // high-water marks of the memory log
	budget     budget
	publishers *publisherBytes
	shards     []*shard
	limits     limitCounters
}

// New starts the shards of a hub. Close ends them.
func New(cfg Config) *Hub {
	h := build(cfg)
	for _, s := range h.shards {
		go s.run()
	}
	return h
}

// build returns a hub whose shards do not run yet.
func build(cfg Config) *Hub {
	h := &Hub{cfg: cfg.withDefaults(), seed: maphash.MakeSeed()}
	h.live.Store(&h.cfg)
	h.publishers = newPublisherBytes()
	h.budget.limit.Store(h.cfg.HistoryBytes)
	for i := range h.cfg.Shards {
		h.shards = append(h.shards, newShard(h, i))
	}
	return h
}

func (h *Hub) newLog(i int, s *shard) Log {
	if h.cfg.NewLog == nil {
		return newMemory(s, h)
	}
	return countedLog{h.cfg.NewLog(i, remoteSink{s}), h}
}

// Submit gives a command to the shard of its room. It never blocks. An error
// means that the command was not taken and has no other answer: ErrBusy if the
// mailbox is full (a Leave is always taken), ErrClosed if the hub is closing,
// ErrInvalid for a command that is not valid. Commands of one goroutine to one
// room keep their order.
func (h *Hub) Submit(c Command) error {
	if !h.valid(&c) {
		return ErrInvalid
	}
	s := h.shard(c.Room)
	if err := s.box.admit(weight(c.Op)); err != nil {
		if err == ErrBusy {
			s.refused.Add(1)
			h.limits.mailbox.Add(1)
		}
		return err
	}
	n := s.box.node()
	n.kind, n.cmd = command, c
	s.box.put(n)
	return nil
}

func (h *Hub) valid(c *Command) bool {
	member := c.Op == Join || c.Op == Leave
	return c.Op >= Join && c.Op <= History &&
		(c.Options != nil || c.Op == Leave) &&
		(c.Member.Conn != 0 || !member) &&
		(c.Member.Info != nil || c.Op != Join) &&
		c.Member.Loop >= 0 && c.Member.Loop < h.cfg.Loops
}

func (h *Hub) shard(room string) *shard { return h.shards[h.shardIndex(room)] }

func (h *Hub) shardIndex(room string) int {
	if len(h.shards) == 1 {
		return 0
	}
	return int(maphash.String(h.seed, room) % uint64(len(h.shards)))
}

// Close takes no further commands, answers those in flight, delivers, and ends the
// shards. It returns when they have ended. A command that the log leaves
// unanswered for Config.LogTimeout is answered with ErrTemporary.
func (h *Hub) Close() {
	for _, s := range h.shards {
		s.box.close()
	}
	for _, s := range h.shards {
		<-s.done
	}
}

// reserveRoom counts one room more. It reports whether that is within MaxRooms,
// or above it by at most one in spare rooms and one (spare 0: not at all).
func (h *Hub) reserveRoom(spare int64) bool {
	limit := int64(h.live.Load().MaxRooms)
	if spare > 0 {
		limit += limit/spare + 1
	}
	if h.rooms.Add(1) > limit {
		h.rooms.Add(-1)
		return false
	}
	return true
}

// hasRoomFor tells whether n rooms more are within MaxRooms.
func (h *Hub) hasRoomFor(n int64) bool { return h.rooms.Load()+n <= int64(h.live.Load().MaxRooms) }

func (h *Hub) releaseRoom() { h.rooms.Add(-1) }
