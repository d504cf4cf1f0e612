// Package room keeps the rooms of a chat server: who is in them, in which order
// their messages go out, and which messages are kept. It knows no sockets and no
// wire format: messages are encoded by a function of the caller, and what is to
// be sent is handed to a function of the caller, per event loop and in order.
//
// # Shards
//
// A [Hub] has a few shards, and a room belongs to the one its name hashes to. A
// shard is one goroutine with a mailbox (mailbox.go); what a room is in memory
// is touched by that goroutine alone, so there is no lock. It works in turns
// (shard.go): a batch of commands, then what is due (timers.go), then Deliver
// once for each loop for which events came of it.
//
// Nothing here blocks, and everything has a bound: see [Config] for the bounds
// and what is answered beyond them. A Leave and a Depart are always taken.
//
// # Order
//
// What a loop gets from a room is one queue. The answer to a [Join] stands in it
// before every message that the member must get and after every one it must not,
// and carries the position in between, with all the messages that were missed
// since an earlier position, or Recovered false and none of them. So a member
// sees each message once and in order, and nobody compares offsets.
//
// # The log
//
// Messages are stored by a [Log], which answers when it likes: a publish is
// acknowledged when the log says so, and messages, of this node and of others,
// go out as the log brings them (feed.go). While a join waits for the log,
// broadcasts go on and are kept for the joiner (catchup.go). A lost message is
// seen by the Prev of the next one and read from the log (repair.go); where no
// next one comes, by what the log has acknowledged (suspicion.go). What cannot
// be repaired ends in an [Insufficient] event for each member.
//
// The memory log is the default and the simplest: a ring for each room
// (ring.go), called by its shard and calling it back at once (memory.go). Rooms
// that nobody is in and nothing is kept of cost nothing.
//
// # Use
//
//	h := room.New(room.Config{
//		Loops:   2,
//		Encode:  func(name string, p *room.Publication) room.Buffer { ... },
//		Deliver: func(loop int, events []room.Event) { ... },
//	})
//	defer h.Close()
//	lobby := &room.Options{HistorySize: 100, HistoryTTL: time.Hour, Presence: true}
//	err := h.Submit(room.Command{Op: room.Join, Room: "lobby", Options: lobby, Member: m})
//
// # Caveats
//
// Presence is that of this node. Whether a client may do something is the
// caller's business: the room does not even ask whether a publisher is a member.
// Messages must not be changed after Submit, nor anything that an answer or an
// event points at.
package room
