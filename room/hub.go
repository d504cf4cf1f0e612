package room

import (
	"hash/maphash"
	"sync/atomic"
)

// Hub is all rooms of a process. Its methods may be called by any goroutine.
type Hub struct {
	cfg        Config                 // as given to New
	live       atomic.Pointer[Config] // with what Reload has changed
	seed       maphash.Seed
	rooms      atomic.Int64 // counted against Config.MaxRooms
	budget     budget
	publishers *publisherBytes
	shards     []*shard
	met        tally
}

// New starts the shards of a hub. Close ends them.
func New(cfg Config) *Hub {
	h := build(cfg)
	for _, s := range h.shards {
		go s.run()
	}
	return h
}

// build makes a hub whose shards do not run yet.
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

// Submit hands a command to the shard of its room; it never blocks. ErrBusy: the
// mailbox is full, the command was not taken and gets no other answer (a Leave
// is always taken). ErrClosed: the hub is closing. ErrInvalid: no such command.
// Commands of one goroutine to one room keep their order.
func (h *Hub) Submit(c Command) error {
	if !h.valid(&c) {
		return ErrInvalid
	}
	s := h.shard(c.Room)
	if err := s.box.admit(weight(c.Op)); err != nil {
		if err == ErrBusy {
			s.refused.Add(1)
			h.met.mailbox.Add(1)
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

// Close takes no further command, answers those in flight (ErrTemporary for
// those the log leaves unanswered for Config.LogTimeout), delivers, and ends the
// shards. It returns when they have ended.
func (h *Hub) Close() {
	for _, s := range h.shards {
		s.box.close()
	}
	for _, s := range h.shards {
		<-s.done
	}
}

// addRoom counts one room more, unless that is one too many. There may be more
// by one in spare of the bound, and one; with 0 none.
func (h *Hub) addRoom(spare int64) bool {
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

// roomFor tells whether so many rooms more are within the bound.
func (h *Hub) roomFor(n int64) bool { return h.rooms.Load()+n <= int64(h.live.Load().MaxRooms) }

func (h *Hub) dropRoom() { h.rooms.Add(-1) }
