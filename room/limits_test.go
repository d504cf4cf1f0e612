package room

import (
	"testing"
	"time"
)

// Each bound that is reached is counted, and no other is.
func TestLimitsAreCounted(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		meet func(w *world, o *Options)
		want Limits
	}{
		{"rooms", Config{MaxRooms: 1}, func(w *world, o *Options) {
			w.join("a", o, 1)
			w.join("b", o, 1)
			w.publish("c", o, "x")
		}, Limits{MaxRooms: 2}},
		{"presence", Config{PresenceMax: 1}, func(w *world, o *Options) {
			w.join("a", o, 1)
			w.ask(Command{Op: Presence, Room: "a", Options: o, Member: person(1)})
			w.join("a", o, 2)
			w.ask(Command{Op: Presence, Room: "a", Options: o, Member: person(1)})
			w.ask(Command{Op: PresenceStats, Room: "a", Options: o, Member: person(1)})
		}, Limits{PresenceMax: 1}},
		{"joins and leaves", Config{JoinLeaveMaxMembers: 1}, func(w *world, _ *Options) {
			o := &Options{JoinLeave: true}
			w.join("a", o, 1)
			w.join("a", o, 2)
			w.join("a", o, 3)
		}, Limits{JoinLeaveMaxMembers: 2}},
		{"keys", Config{IdempotencyKeys: 2, IdempotencyWindow: time.Minute}, func(w *world, o *Options) {
			for _, key := range []string{"a", "b", "c"} {
				w.ask(Command{Op: Publish, Room: "a", Options: o, Data: []byte("x"), IdempotencyKey: key, Member: person(1)})
			}
			w.addTime(time.Hour) // an expired key is not counted
			for _, key := range []string{"d", "e"} {
				w.ask(Command{Op: Publish, Room: "a", Options: o, Data: []byte("x"), IdempotencyKey: key, Member: person(1)})
			}
		}, Limits{IdempotencyKeys: 1}},
		{"history bytes", Config{HistoryBytes: 1500}, func(w *world, o *Options) {
			w.publish("a", o, string(make([]byte, 500)))
			w.publish("b", o, string(make([]byte, 500)))
		}, Limits{HistoryBytes: 1}},
		{"history", Config{HistoryMaxLimit: 3}, func(w *world, o *Options) {
			for range 4 {
				w.publish("a", o, "x")
			}
			for _, limit := range []int{0, 3, 4, -1} { // the last two are cut
				w.ask(Command{Op: History, Room: "a", Options: o, Limit: limit, Member: person(1)})
			}
		}, Limits{HistoryMaxLimit: 2}},
		{"history in bytes", Config{HistoryMaxBytes: 1000}, func(w *world, o *Options) {
			for range 4 {
				w.publish("a", o, string(make([]byte, 400)))
			}
			for _, limit := range []int{0, 2, 3, -1} { // the last two are cut
				w.ask(Command{Op: History, Room: "a", Options: o, Limit: limit, Member: person(1)})
			}
		}, Limits{HistoryMaxBytes: 2}},
		{"presence in bytes", Config{PresenceMaxBytes: 200}, func(w *world, o *Options) {
			w.join("a", o, 1)
			w.ask(Command{Op: Presence, Room: "a", Options: o, Member: person(1)})
			w.join("a", o, 2)
			w.ask(Command{Op: Presence, Room: "a", Options: o, Member: person(1)})
		}, Limits{PresenceMaxBytes: 1}},
		{"recovery", Config{RecoveryMaxPublications: 2}, func(w *world, o *Options) {
			since := w.publish("a", o, "x").Position
			for range 3 {
				w.publish("a", o, "x")
			}
			w.resume("a", o, since)
		}, Limits{RecoveryMaxPublications: 1}},
		{"recovery in bytes", Config{RecoveryMaxBytes: 1000}, func(w *world, o *Options) {
			since := w.publish("a", o, "x").Position
			for range 3 {
				w.publish("a", o, string(make([]byte, 500)))
			}
			w.resume("a", o, since)
		}, Limits{RecoveryMaxBytes: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTestWorld(t, c.cfg)
			c.meet(w, open())
			if got := w.h.Stats().Limits; got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}
