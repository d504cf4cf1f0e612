package metrics

// limits returns how often each limit was reached, by the key of the configuration that sets it.
func (snap *Snapshot) limits() map[string]int64 {
	r, n, e, h := &snap.Network.Refusals, &snap.Network.Limits, &snap.Edge, &snap.Rooms.Limits
	return map[string]int64{
		"max_connections":        r.Full,
		"max_loop_lag":           r.Lagging,
		"connections_per_ip":     r.PerIP,
		"connection_rate_per_ip": r.PerIPRate,
		"max_handshakes":         r.TLSHandshakes,
		"accept_rate":            r.Paced,
		"max_admin":              snap.AdminClosed,
		"displaced":              r.Displaced,

		"max_header":         n.MaxHeader,
		"header_bytes":       n.MaxHeaderMemory,
		"header_timeout":     n.HeaderTimeout,
		"hello_timeout":      n.HelloTimeout,
		"handshake_timeout":  n.TLSHandshakeTimeout,
		"max_http":           n.MaxHTTP,
		"message_timeout":    n.MessageTimeout,
		"max_message":        n.MaxMessage,
		"max_fragments":      n.MaxFragments,
		"max_control_frames": n.MaxControls,
		"pong_timeout":       n.PongTimeout,
		"outbound_bytes":     n.MaxBacklog,
		"outbound_age":       n.MaxBacklogAge,
		"backlog_bytes":      n.MaxBacklogMemory + e.BacklogLimit,

		"connect_timeout":          e.Stale,
		"connections_per_user":     e.UserLimit,
		"connection_rate_per_user": e.UserRate,
		"commands_per_second":      e.Limited,
		"bytes_per_second":         e.LimitedBytes,
		"flood":                    e.Flooded,
		"new_rooms_per_second":     e.RoomRate,
		"rooms_per_connection":     e.RoomLimit,
		"channel_max_length":       e.LongNames,
		"waiting_commands":         e.WaitingLimit,
		"loop_mailbox":             e.Busy,

		"shard_mailbox":                 h.Mailbox,
		"max_rooms":                     h.MaxRooms,
		"history_bytes":                 h.HistoryBytes,
		"history_max_publication_limit": h.HistoryMaxLimit,
		"history_max_bytes":             h.HistoryMaxBytes,
		"recovery_max_publications":     h.RecoveryMaxPublications,
		"recovery_max_bytes":            h.RecoveryMaxBytes,
		"join_leave_max_members":        h.JoinLeaveMaxMembers,
		"presence_max":                  h.PresenceMax,
		"presence_max_bytes":            h.PresenceMaxBytes,
		"room_history_bytes":            h.RoomBytes,
		"publisher_history_bytes":       h.PublisherBytes,
		"forgotten_rooms":               h.ForgottenRooms,
		"idempotency_keys":              h.IdempotencyKeys,

		"log_queue":      snap.LogDropped,
		"reload_timeout": snap.Reloads.TimedOut,
	}
}
