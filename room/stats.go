package room

import "sync/atomic"

// Stats are sums over the shards, each as of its last turn.
type Stats struct {
	Rooms        int64 // with members or history
	Members      int64
	Waiting      int64 // commands in the mailboxes, without leaves
	Leaving      int64 // memberships of connections that have ended
	InFlight     int64 // commands that wait for the log
	HistoryBytes int64 // of the memory log, its bookkeeping included
	Forgotten    int64 // rooms without members and messages of which is known what they have lost
	Messages     int64 // broadcast since the start
	Refused      int64 // commands refused with ErrBusy since the start
	Gaps         int64 // losses between the log and the shard that were noticed
	Limits       Limits
}

// counters are what a shard tells others about itself. The plain ones are the
// shard's, stored once per turn.
type counters struct {
	members, messages, gaps int64

	atMembers, atMessages, atGaps, atInFlight atomic.Int64

	refused atomic.Int64
	leaving atomic.Int64 // memberships of departures
}

func (c *counters) publish(inFlight int) {
	c.atMembers.Store(c.members)
	c.atMessages.Store(c.messages)
	c.atGaps.Store(c.gaps)
	c.atInFlight.Store(int64(inFlight))
}

// Stats may be called by any goroutine.
func (h *Hub) Stats() Stats {
	st := Stats{Rooms: h.rooms.Load(), HistoryBytes: h.budget.used.Load(), Limits: h.met.limits()}
	for _, s := range h.shards {
		st.Members += s.atMembers.Load()
		st.Waiting += s.box.waiting()
		st.Leaving += s.leaving.Load()
		st.InFlight += s.atInFlight.Load()
		st.Messages += s.atMessages.Load()
		st.Refused += s.refused.Load()
		st.Gaps += s.atGaps.Load()
		if s.mem != nil {
			st.Forgotten += s.mem.lost.count.Load()
		}
	}
	return st
}
