// Package edge serves the Centrifuge client protocol. It is the one package that knows netpoll (sockets), room (rooms)
// and protocol (messages): it translates the commands of a connection to commands of rooms, and the events of rooms to
// batches for the event loops.
//
// # Goroutines
//
//	event loop    sessions and their memberships, decoding, permissions, replies that need no room
//	shard         Edge.deliver: replies and pushes are encoded once and posted to the loops in batches
//
// A session belongs to its event loop. A shard reads nothing of it but its room.Info, which does not change after
// connect. What a shard changes in a session travels as part of a netpoll.Batch, in order.
//
// # Memberships
//
// subscribe adds a membership to the session at once, as not yet joined, and submits a Join. The answer to the Join makes
// the connection a member of the room's topic on its loop, before every broadcast that it must receive. unsubscribe
// removes the membership at once and submits a Leave, which follows the Join in the same queue. A connection that closes
// leaves every room that it has joined or is joining. The serial number in the token of an answer tells whether the
// membership that the answer is about still exists, or was replaced by a newer one of the same room.
//
// # Topics
//
// The topic of a room on a loop has the room's name. Clients that asked for joins and leaves, in a room where not all
// members get them, are members of a second topic, whose name begins with a NUL. No room name contains one.
//
// # Logging
//
// Names of users and rooms, tokens and messages are never logged. [Edge.Stats] counts.
package edge
