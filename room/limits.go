package room

import "sync/atomic"

// Limits are how often each bound of Config was met since the start.
type Limits struct {
	Mailbox                 int64 // commands refused with ErrBusy: too many wait for the shard or for the log
	MaxRooms                int64 // rooms forgotten before their time, for newer ones, and commands refused with ErrLimit
	HistoryBytes            int64 // messages dropped before their time, for those of warmer rooms
	HistoryMaxLimit         int64 // History answers with less than there was and was asked for
	HistoryMaxBytes         int64 // History answers that ended by it
	RecoveryMaxPublications int64 // pages of recoveries that ended by it
	RecoveryMaxBytes        int64 // pages that ended by it
	JoinLeaveMaxMembers     int64 // joins and leaves that were not pushed
	PresenceMax             int64 // Presence commands refused with ErrLimit
	PresenceMaxBytes        int64 // Presence commands refused with ErrLimit, of rooms with fewer members
	RoomBytes               int64 // messages dropped before their time, for newer ones of the same room
	PublisherBytes          int64 // messages dropped before their time, for newer ones of the same publisher
	ForgottenRooms          int64 // rooms of which is not known any more what they have lost
	IdempotencyKeys         int64 // keys forgotten before their time, for newer ones
}

// tally counts Limits. Everybody may count: it is off the path of a message that fits.
type tally struct {
	_ [64]byte // away from what is read for every command

	mailbox, maxRooms, historyBytes, historyMaxLimit  atomic.Int64
	historyMaxBytes, presenceMaxBytes                 atomic.Int64
	recoveryMaxPublications, recoveryMaxBytes         atomic.Int64
	joinLeaveMaxMembers, presenceMax, idempotencyKeys atomic.Int64
	forgottenRooms, roomBytes, publisherBytes         atomic.Int64
}

// noteHistory counts an answer that a bound has cut.
func (s *shard) noteHistory(a *Answer) {
	switch {
	case !a.More:
	case len(a.Publications) >= s.cfg.HistoryMaxLimit:
		s.hub.met.historyMaxLimit.Add(1)
	default:
		s.hub.met.historyMaxBytes.Add(1)
	}
}

// noteRecovery counts a page of n messages that is not the last of its recovery.
func (s *shard) noteRecovery(n int) {
	if n >= s.cfg.RecoveryMaxPublications {
		s.hub.met.recoveryMaxPublications.Add(1)
	} else {
		s.hub.met.recoveryMaxBytes.Add(1)
	}
}

func (t *tally) limits() Limits {
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
