package room

// Reload takes over the bounds of cfg that can change while the hub runs: MaxRooms, HistoryBytes, RoomBytes,
// PublisherBytes, ForgottenRooms, JoinLeaveMaxMembers, PresenceMax, RecoveryMaxPublications, RecoveryMaxBytes, HistoryMaxLimit, HistoryMaxBytes and
// PresenceMaxBytes. Each shard goes by them from its next turn on; what is over a new bound is not thrown out, but for
// history, which goes with the next messages. Any goroutine may call it, but one at a time.
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
