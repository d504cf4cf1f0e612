package room

import "sync/atomic"

// Stats are sums over the shards, each as of its last turn.
type Stats struct {
	Rooms        int64 // with members or history
	Members      int64
	Waiting      int64 // commands in the mailboxes, without leaves
	Leaving      int64 // memberships of connections that have ended, see LeaveAll
	InFlight     int64 // commands that wait for the log
	HistoryBytes int64 // of the memory log, with its bookkeeping
	Forgotten    int64 // high-water marks of rooms without members and history
	Messages     int64 // broadcast since the start
	Refused      int64 // commands refused with ErrBusy since the start
	Gaps         int64 // losses between the log and the shard that were noticed
	Limits       Limits
}

// counters are the counters of a shard. The plain ones belong to its goroutine;
// export stores them for Stats once in each turn.
type counters struct {
	members, messages, gaps int64

	exported struct{ members, messages, gaps, inFlight atomic.Int64 }

	refused atomic.Int64
	leaving atomic.Int64 // memberships in leaveAlls
}

func (c *counters) export(inFlight int) {
	c.exported.members.Store(c.members)
	c.exported.messages.Store(c.messages)
	c.exported.gaps.Store(c.gaps)
	c.exported.inFlight.Store(int64(inFlight))
}

// Stats returns the present values. Any goroutine may call it.
func (h *Hub) Stats() Stats {
	st := Stats{
		Rooms: h.rooms.Load(), HistoryBytes: h.budget.used.Load(),
		Forgotten: h.forgotten.Load(), Limits: h.limits.snapshot(),
	}
	for _, s := range h.shards {
		st.Members += s.exported.members.Load()
		st.Waiting += s.box.waiting()
		st.Leaving += s.leaving.Load()
		st.InFlight += s.exported.inFlight.Load()
		st.Messages += s.exported.messages.Load()
		st.Refused += s.refused.Load()
		st.Gaps += s.exported.gaps.Load()
	}
	return st
}
