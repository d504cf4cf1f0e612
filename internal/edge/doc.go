// Package edge is the trunk of throng: the one package that knows netpoll (sockets), room (rooms) and protocol
// (JSON). It turns the commands of a connection into commands of a room, and the events of rooms into batches for
// the event loops.
//
// # Who runs where
//
//	loop goroutine    session, its memberships, decoding, permissions, replies that need no room
//	shard goroutine   deliver: answers and pushes are encoded here, once, and posted to the loops in batches
//
// A session belongs to its loop: nothing of it is read on a shard but its room.Info, which never changes after
// connect. What a shard has to tell a session travels as a netpoll.Batch, in order.
//
// # Joining, leaving, closing
//
// A subscribe adds a membership to the session at once, marked as joining, and submits a Join. Its answer makes the
// connection a member of the topic on its loop, before every broadcast that it must get. An unsubscribe removes the
// membership at once and submits a Leave, behind the Join in the same queue; so it may overtake nothing, and a
// connection that closes leaves every room that it is in or on its way into. An answer that comes for a membership
// that is gone, or that was replaced by a newer one, is told by the serial number in its token.
//
// # Names
//
// The topic of a room on a loop is its name; those who want joins and leaves of a room where not everybody gets them
// are members of a second topic, the name behind a NUL (which no room name contains).
//
// Nothing here logs: names and messages of people stay out of the log. [Edge.Stats] counts.
package edge
