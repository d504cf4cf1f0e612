// Package oracle decides whether the clients of a load test received what was sent: each message
// once, in the order of the room, none made up, and none missing from the history of the room.
//
// The check has two steps:
//
//	Room     compares each delivery with the journal of the room while messages arrive. A Room
//	         covers the members that share one event loop, and belongs to that loop.
//	Judge    compares the journals of all loops and processes with each other, with the
//	         acknowledgements of the publishes and with the history, after the run.
//
// [Evidence] is what the first step leaves for the second. It can be encoded as JSON, because the
// members of one room may be spread over several processes.
//
// A message is known by its sender and its number ([ID]); the load tester writes both into the
// text of the message. The offset in an [Entry] is the position that the server gave it.
package oracle
