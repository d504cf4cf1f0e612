package room

import (
	"testing"
	"time"
)

// The defaults are those of Config's comment and of the documentation.
func TestConfigDefaults(t *testing.T) {
	c := Config{Shards: 2}.withDefaults()
	for name, tt := range map[string]struct{ got, want any }{
		"Loops": {c.Loops, 1}, "Mailbox": {c.Mailbox, 16384}, "MaxInFlight": {c.MaxInFlight, 16384},
		"MaxRooms": {c.MaxRooms, 1_000_000}, "ForgottenRooms": {c.ForgottenRooms, 1_000_000},
		"HistoryBytes": {c.HistoryBytes, int64(256 << 20)}, "RoomBytes": {c.RoomBytes, int64(16 << 20)},
		"PublisherBytes":      {c.PublisherBytes, int64(16 << 20)},
		"JoinLeaveMaxMembers": {c.JoinLeaveMaxMembers, 1000}, "JoinLeaveDelay": {c.JoinLeaveDelay, time.Second},
		"PresenceMax": {c.PresenceMax, 1000}, "PresenceMaxBytes": {c.PresenceMaxBytes, 256 << 10},
		"RecoveryMaxPublications": {c.RecoveryMaxPublications, 1000}, "RecoveryMaxBytes": {c.RecoveryMaxBytes, 128 << 10},
		"HistoryMaxLimit": {c.HistoryMaxLimit, 1000}, "HistoryMaxBytes": {c.HistoryMaxBytes, 128 << 10},
		"IdempotencyWindow": {c.IdempotencyWindow, 5 * time.Minute}, "IdempotencyKeys": {c.IdempotencyKeys, 100_000},
		"LogTimeout": {c.LogTimeout, 5 * time.Second},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v, want %v", name, tt.got, tt.want)
		}
	}
	small := Config{HistoryBytes: 1000}.withDefaults()
	if small.RoomBytes != 1<<20 || small.PublisherBytes != 1<<20 {
		t.Errorf("of a small history a room may have %d bytes and a publisher %d", small.RoomBytes, small.PublisherBytes)
	}
}

func TestProcessBoundsAreDividedAmongShards(t *testing.T) {
	w := newTestWorld(t, Config{Shards: 4, IdempotencyKeys: 100})
	keys := 0
	for _, s := range w.h.shards {
		keys += s.keys.max
	}
	if keys != 100 {
		t.Errorf("the shards keep %d keys, want 100", keys)
	}
}
