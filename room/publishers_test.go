package room

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
)

// publishFrom publishes a message of from.
func (w *world) publishFrom(room string, o *Options, from *Info, size int) *Answer {
	return w.ask(Command{Op: Publish, Room: room, Options: o, Member: person(99), From: from, Data: make([]byte, size)})
}

// checkAccounting computes anew the cost of every ring and every publisher.
func (w *world) checkAccounting() {
	w.t.Helper()
	used, held := int64(0), make(map[*atomic.Int64]int64)
	for _, s := range w.h.shards {
		used += publisherCost * int64(len(s.mem().publishers.of))
		authors := make(map[*author]int)
		for _, g := range s.mem().rings {
			bytes := int64(0)
			for i := range g.n {
				k := g.at(i)
				bytes += g.cost(k)
				if k.from != nil {
					held[k.from.of.bytes] += g.cost(k) + keptSize
					authors[k.from]++
				}
			}
			if g.n > 0 {
				bytes += g.overhead() + g.slotBytes()
				if by := g.at(0).from.publisher(); by != nil {
					held[by.bytes] += g.overhead()
				}
			}
			if used += bytes; bytes != g.bytes {
				w.t.Fatalf("%s counts %d bytes and has %d", g.name, g.bytes, bytes)
			}
		}
		for a, n := range authors {
			if a.n != n {
				w.t.Fatalf("an author counts %d messages and has %d", a.n, n)
			}
			held[a.of.bytes] += a.cost()
			used += a.cost()
		}
	}
	for p, bytes := range held {
		if p.Load() != bytes {
			w.t.Fatalf("a publisher counts %d bytes and holds %d", p.Load(), bytes)
		}
	}
	if got := w.h.budget.used.Load(); got != used {
		w.t.Fatalf("%d bytes are counted, want %d", got, used)
	}
}

func TestPublisherDoesNotDisplaceHistoryOfOthers(t *testing.T) {
	const limit = 16 << 20 // so a share is a MiB
	anon, user := &Info{Client: ID{1}}, func(client byte) *Info { return &Info{Client: ID{client}, User: "mallory"} }
	for _, c := range []struct {
		name   string
		attack func(w *world, i int) (room string, from *Info)
		spares func(room string) bool // rooms that need not survive; nil: none
		held   int64                  // of the attacker, at most
	}{
		{"one room", func(w *world, i int) (string, *Info) { return "flood", anon }, nil, limit / 16},
		{"one room, by many connections", func(w *world, i int) (string, *Info) { return "flood", &Info{Client: ID{byte(i), byte(i >> 8)}} }, nil, limit / 16},
		{"one room, by the server", func(w *world, i int) (string, *Info) { return "flood", nil }, nil, limit / 16},
		{"a new room for each message", func(w *world, i int) (string, *Info) { return fmt.Sprint("flood", i), anon }, nil, limit / 16},
		{"a new room each, by one user's connections", func(w *world, i int) (string, *Info) { return fmt.Sprint("flood", i), user(byte(i)) }, nil, limit / 16},
		{"128 rooms in turn", func(w *world, i int) (string, *Info) { return fmt.Sprint("flood", i%128), anon }, nil, limit / 16},
		{"rooms of others, which pay", func(w *world, i int) (string, *Info) { return fmt.Sprint("honest", i%10), anon },
			func(room string) bool { return len(room) == len("honest0") }, 2 * limit / 16},
	} {
		for _, shards := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, %d shards", c.name, shards), func(t *testing.T) {
				w, o := newTestWorld(t, Config{Shards: shards, HistoryBytes: limit, RoomBytes: limit / 16}), &Options{HistorySize: 1000}
				since := make(map[string]Position)
				for i := range 100 {
					room := fmt.Sprint("honest", i)
					since[room] = w.publishFrom(room, o, &Info{Client: ID{200, byte(i)}}, 1000).Position
					w.publishFrom(room, o, &Info{Client: ID{201, byte(i)}}, 1000)
				}
				before := w.h.Stats().HistoryBytes
				w.advance(time.Minute)
				for i := range 1000 {
					room, from := c.attack(w, i)
					w.publishFrom(room, o, from, 60_000)
				}
				for room, at := range since {
					if a := w.resume(room, o, at); (!a.Recovered || len(a.Publications) == 0) && (c.spares == nil || !c.spares(room)) {
						t.Fatalf("%s has lost its history: %+v", room, a)
					}
				}
				if got := w.h.Stats().HistoryBytes - before; got > c.held+100_000 {
					t.Errorf("the attacker holds %d bytes, want at most %d", got, c.held)
				}
				w.checkAccounting()
			})
		}
	}
}

func TestPublisherKeepsItsNewestMessages(t *testing.T) {
	w, o, me := newTestWorld(t, Config{PublisherBytes: bigBytes(10), RoomBytes: 1 << 40}), &Options{HistorySize: 1000}, &Info{Client: ID{1}}
	for i := range 30 {
		w.publishFrom(fmt.Sprint(i), o, me, big)
	}
	for i := range 30 {
		if kept := w.s.mem().rings[fmt.Sprint(i)] != nil; kept != (i >= 20) {
			t.Errorf("the room of message %d is kept: %v", i, kept)
		}
	}
	if n := w.h.Stats().Limits.PublisherBytes; n != 20 {
		t.Errorf("%d messages were counted, want 20", n)
	}
}

// The bounds hold, and the bytes counted are those kept, after any commands.
func TestAccountedBytesMatchHistory(t *testing.T) {
	const limit = 400_000
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := newTestWorld(t, Config{HistoryBytes: limit, RoomBytes: 100_000, PublisherBytes: 80_000, MaxRooms: 12})
		some := []*Options{{Namespace: "a", HistorySize: 50, HistoryTTL: time.Minute}, {Namespace: "a", HistorySize: 5}, {Namespace: "a"}}
		from := []*Info{nil, {Client: ID{1}}, {Client: ID{2}}, {Client: ID{3}, User: "ann"}, {Client: ID{4}, User: "ann"}}
		for range 2000 {
			room, o := fmt.Sprint(r.IntN(20)), some[min(r.IntN(20), 2)]
			switch r.IntN(10) {
			case 0:
				w.join(room, o, 1)
			case 1:
				w.ask(Command{Op: Leave, Room: room, Member: person(1)})
			case 2:
				w.advance(time.Duration(r.IntN(20)) * time.Second)
			default:
				w.publishFrom(room, o, from[r.IntN(len(from))], r.IntN(20_000))
			}
			for _, g := range w.s.mem().rings {
				if g.bytes > 100_000 && g.n > 1 {
					t.Fatalf("%s has %d bytes", g.name, g.bytes)
				}
			}
			if st := w.h.Stats(); st.HistoryBytes > limit || st.Rooms > 12 {
				t.Fatalf("%+v", st)
			}
			w.checkAccounting()
		}
	}
}

// Records of messages that were evicted for another reason do not accumulate.
func TestPublisherRecordsAreBounded(t *testing.T) {
	w, me := newTestWorld(t, Config{}), &Info{Client: ID{1}}
	w.publishFrom("old", &Options{HistorySize: 1}, me, 10)
	for range 10_000 {
		w.publishFrom("one", &Options{HistorySize: 1}, me, 10)
	}
	for _, p := range w.s.mem().publishers.of {
		if p.n != 2 || p.records.len() > 100 {
			t.Errorf("%d records of %d messages", p.records.len(), p.n)
		}
	}
}
