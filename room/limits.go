package room

import "sync/atomic"

// Limits count how often each bound of Config was reached since the start.
type Limits struct {
	Mailbox                 int64 // commands refused with ErrBusy: too many wait for the shard or the log
	MaxRooms                int64 // rooms without members removed for newer ones, and commands refused with ErrLimit
	HistoryBytes            int64 // messages evicted for those of rooms used more recently
	HistoryMaxLimit         int64 // History answers with fewer messages than there were and were asked for
	HistoryMaxBytes         int64 // History answers cut by it
	RecoveryMaxPublications int64 // pages of recoveries cut by it
	RecoveryMaxBytes        int64 // pages of recoveries cut by it
	JoinLeaveMaxMembers     int64 // joins and leaves not pushed
	PresenceMax             int64 // Presence commands refused with ErrLimit
	PresenceMaxBytes        int64 // Presence commands of fewer members refused with ErrLimit
	RoomBytes               int64 // messages evicted for newer ones of the same room
	PublisherBytes          int64 // messages evicted for newer ones of the same publisher
	ForgottenRooms          int64 // high-water marks folded into one of their namespace
	IdempotencyKeys         int64 // keys evicted for newer ones
}

// limitCounters count Limits. All shards count in the same ones, since a message
// that is within all bounds does not touch them.
type limitCounters struct {
	_ [64]byte // not on a cache line with what every command reads

	mailbox, maxRooms, historyBytes, historyMaxLimit  atomic.Int64
	historyMaxBytes, presenceMaxBytes                 atomic.Int64
	recoveryMaxPublications, recoveryMaxBytes         atomic.Int64
	joinLeaveMaxMembers, presenceMax, idempotencyKeys atomic.Int64
	forgottenRooms, roomBytes, publisherBytes         atomic.Int64
}

// noteHistory counts a History answer that was cut by a bound.
func (s *shard) noteHistory(a *Answer) {
	switch {
	case !a.More:
	case len(a.Publications) >= s.cfg.HistoryMaxLimit:
		s.hub.limits.historyMaxLimit.Add(1)
	default:
		s.hub.limits.historyMaxBytes.Add(1)
	}
}

// noteRecovery counts a page of n messages that is not the last one of its
// recovery.
func (s *shard) noteRecovery(n int) {
	if n >= s.cfg.RecoveryMaxPublications {
		s.hub.limits.recoveryMaxPublications.Add(1)
	} else {
		s.hub.limits.recoveryMaxBytes.Add(1)
	}
}

func (t *limitCounters) snapshot() Limits {
	return Limits{
		Mailbox: t.mailbox.Load(), MaxRooms: t.maxRooms.Load(),
		HistoryBytes: t.historyBytes.Load(), HistoryMaxLimit: t.historyMaxLimit.Load(),
		RecoveryMaxPublications: t.recoveryMaxPublications.Load(), RecoveryMaxBytes: t.recoveryMaxBytes.Load(),
		JoinLeaveMaxMembers: t.joinLeaveMaxMembers.Load(), PresenceMax: t.presenceMax.Load(),
		HistoryMaxBytes: t.historyMaxBytes.Load(), PresenceMaxBytes: t.presenceMaxBytes.Load(),
		RoomBytes: t.roomBytes.Load(), PublisherBytes: t.publisherBytes.Load(),
		ForgottenRooms: t.forgottenRooms.Load(), IdempotencyKeys: t.idempotencyKeys.Load(),
	}
}
