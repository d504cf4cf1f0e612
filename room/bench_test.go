package room

import (
	"fmt"
	"runtime"
	"testing"
)

// BenchmarkPublish measures the command, its message and its answer: one shard, a
// room with 1,000 members on 2 loops, and a Deliver that does nothing.
func BenchmarkPublish(b *testing.B) {
	for _, size := range []int{0, 100} {
		b.Run(fmt.Sprintf("history=%d", size), func(b *testing.B) { benchPublish(b, size) })
	}
}

func benchPublish(b *testing.B, size int) {
	done := make(chan struct{}, 1)
	object := []byte("{}")
	buffer := Buffer(&push{})
	h := New(Config{
		Loops: 2, Shards: 1,
		Encode: func(_ string, p *Publication, f Form) Buffer { p.Encoded[f] = object; return buffer },
	})
	defer h.Close()
	o := &Options{HistorySize: size, Presence: true}
	for i := range 1000 {
		h.Submit(Command{Op: Join, Room: "room", Options: o, Member: benchMember(i, 2)})
	}
	c := Command{Op: Publish, Room: "room", Options: o, Member: benchMember(1, 2), Data: []byte("{}")}
	last := c
	last.Done = func(Answer) { done <- struct{}{} }
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		for h.Submit(c) != nil {
			runtime.Gosched()
		}
		if i%8192 == 8191 { // so that the mailbox never refuses for long
			h.Submit(last)
			<-done
		}
	}
	for h.Submit(last) != nil {
		runtime.Gosched()
	}
	<-done
}

func benchMember(i, loops int) Member {
	return Member{Conn: uint64(i)<<20 | 7, Loop: i % loops, Info: &Info{User: fmt.Sprint("user", i)}}
}

// BenchmarkJoinLeave joins and leaves a room with 1,000 members.
func BenchmarkJoinLeave(b *testing.B) {
	h := New(Config{Loops: 2, Shards: 1})
	o := &Options{HistorySize: 10, Presence: true}
	for i := range 1000 {
		h.Submit(Command{Op: Join, Room: "room", Options: o, Member: benchMember(i, 2)})
	}
	m := benchMember(5000, 2)
	b.ReportAllocs()
	for b.Loop() {
		for h.Submit(Command{Op: Join, Room: "room", Options: o, Member: m}) != nil {
			runtime.Gosched()
		}
		h.Submit(Command{Op: Leave, Room: "room", Member: m})
	}
	h.Close()
}

// BenchmarkMemory reports the bytes per member, with presence and a user for each,
// without the Info, which is the edge's.
func BenchmarkMemory(b *testing.B) {
	for _, rooms := range []int{1, 1000} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(bytesPerMember(rooms, 10_000), "B/member")
			}
		})
	}
}

func bytesPerMember(rooms, members int) float64 {
	infos := make([]Member, members)
	for i := range infos {
		infos[i] = benchMember(i, 2)
	}
	names := make([]string, rooms)
	for i := range names {
		names[i] = fmt.Sprint("room", i)
	}
	h := build(Config{Loops: 2, Shards: 1, Mailbox: 64})
	s := h.shards[0]
	o := &Options{HistorySize: 10, Presence: true, JoinLeave: true}
	before := heap()
	for i := range infos {
		s.join(&Command{Op: Join, Room: names[i%rooms], Options: o, Member: infos[i]})
		if i%64 == 0 {
			s.deliver()
		}
	}
	s.deliver()
	grown := heap() - before
	runtime.KeepAlive(h)
	runtime.KeepAlive(infos)
	return float64(grown) / float64(members)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestBytesPerMember bounds the memory of a member. A connection in one room has
// 400 bytes in the whole server.
func TestBytesPerMember(t *testing.T) {
	for rooms, limit := range map[int]float64{1: 120, 1000: 200} {
		if got := bytesPerMember(rooms, 10_000); got > limit {
			t.Errorf("%d rooms: %.0f bytes per member, more than %.0f", rooms, got, limit)
		} else {
			t.Logf("%d rooms: %.0f bytes per member", rooms, got)
		}
	}
}
