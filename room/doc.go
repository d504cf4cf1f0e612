// Package room keeps the rooms of a chat server: the members of each room, the
// order of its messages, and the messages that are kept as history. It has no
// sockets and no wire format. The caller encodes messages ([Config].Encode) and
// delivers events to its event loops ([Config].Deliver).
//
// # Shards
//
// A [Hub] has a few shards. A room belongs to the shard that its name hashes to.
// A shard is one goroutine with a mailbox (mailbox.go), and only that goroutine
// touches its rooms, so there is no lock. It works in turns (shard.go): a batch
// of commands, then timers that are due (timers.go), then one call of Deliver for
// each loop that has events.
//
// Nothing here blocks and everything is bounded: [Config] has the bounds, and
// their comments say what is answered beyond them. [Leave] and [Hub.LeaveAll] are
// never refused.
//
// # Order
//
// The events of a room for a loop form one queue. The reply to a [Join] stands in
// it before every message that the member must receive and behind every message
// that it must not. The reply carries the position in between. With Recover it
// also carries all messages since the client's earlier position, or Recovered
// false and none of them. So a member receives each message once and in order,
// and nobody compares offsets.
//
// # The log
//
// Messages are stored by a [Log], which is asynchronous. A publish is
// acknowledged when the log has acknowledged it, and messages of this node and of
// other nodes are broadcast when the log brings them. The memory log is the
// default: a ring for each room (ring.go), owned by the shard, which answers
// within the call (memory.go). A room without members and history costs nothing.
//
// # Joins, gaps and repairs
//
// A room with members is in one of three states. With the memory log it is always
// in order.
//
//	opening     Its position is not known. The first join reads it from the log;
//	            messages that come meanwhile are buffered.
//	in order    A message is broadcast as it comes, if its Prev is not above the
//	            head, the offset of the last message broadcast. A join at the head
//	            is answered at once. A join from an earlier position reads the log,
//	            while broadcasts go on and their tail is kept for it (sync.go).
//	repairing   A message is missing: a read of what follows the head is under way
//	            and messages are buffered (gap.go).
//
//	opening   -> in order    the log has answered the read of the first join
//	in order  -> repairing   a message came whose Prev is above the head, or a gap
//	                         check was due: the log has acknowledged a message
//	                         that has not come for a second, or said Lost
//	repairing -> in order    the read has closed the gap
//	repairing -> opening     the gap cannot be closed: each member is removed and
//	                         gets an Insufficient event
//
// # Commands
//
//	command        at once                    after a call of the log    events
//	Join           in order, at the head      Open, Read: any other      Reply, with the missed messages; later a join push
//	Leave          always                                                Reply; later a leave push
//	Publish        refused, or a repeat       Append                     Broadcast when the log brings it, Reply when it answers
//	Presence       always                                                Reply
//	PresenceStats  always                                                Reply
//	History        refused                    Read                       Reply
//
// # Files
//
//	hub.go, config.go, command.go, types.go, errors.go, log.go   the interface
//	shard.go, mailbox.go, timers.go, waits.go, answer.go         a shard and its turns
//	room.go, join.go, leave.go, publish.go, history.go,          rooms and commands
//	presence.go, joinleave.go, recovery.go
//	sink.go, sync.go, gap.go                                     answers and messages of the log; joins that wait, gaps
//	memory.go, ring.go, lru.go, watermarks.go                    the memory log
//	budget.go, publishers.go                                     its bounds in the process
//	idempotency.go, stop.go, limits.go, stats.go                 keys, the end of publishing, counters
//
// # Use
//
//	h := room.New(room.Config{
//		Loops:   2,
//		Encode:  func(name string, p *room.Publication, f room.Form) room.Buffer { ... },
//		Deliver: func(loop int, events []room.Event) { ... },
//	})
//	defer h.Close()
//	lobby := &room.Options{HistorySize: 100, HistoryTTL: time.Hour, Presence: true}
//	err := h.Submit(room.Command{Op: room.Join, Room: "lobby", Options: lobby, Member: m})
//
// # Caveats
//
// Presence, joins and leaves are those of this node. Permissions are the caller's
// business: a room does not check that a publisher is a member. Messages, and
// everything that answers and events point at, must not be changed.
package room
