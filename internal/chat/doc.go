// Package chat is the terminal client behind `throng chat URL ROOM`, on the official Go SDK (centrifuge-go).
//
// # Three kinds of input
//
// A person at a terminal gets a line to type in, commands (/help), joins and leaves. Where the output is no terminal,
// or TERM is dumb, the same works without the line at the bottom.
//
// A pipe sends: every line that is not blank is one message, whatever it begins with, and Run returns when all of them
// are acknowledged. One's own messages are not repeated on the output, those of others are; there are no joins and
// leaves, and no earlier messages unless asked for.
//
// /dev/null, or a closed standard input, only listens, until it is interrupted or nobody reads any more.
//
// Messages, joins and leaves go to the output, one Write each, so that lines are whole in a pipe; notices about the
// connection go to the error output unless a person sits in front of both.
//
// # How it is put together
//
// session.loop is one goroutine that owns everything; the SDK's callbacks and the requests in flight hand it functions
// (session.post). A line becomes a message in outbox, one at a time is published. visit is the stay in a room: after
// every subscription it is loading (earlier or missed messages are fetched, new ones held back), then live.
//
// The SDK says of a publish that failed on a broken connection nothing about whether it was stored. So each message
// carries an id of its own in its data ({"text":"...","id":"..."}); after resuming, the missed messages are read first,
// and only a message that is not among them is sent again. Readers drop a second message with the same id (seen). What
// remains is a message that the server finds in the old connection after the new one has resumed: it is stored twice
// and shown once by readers that look at the id.
//
// # The row to type in
//
// screen keeps one row below the conversation, and moves nothing above it. Text is measured in cells (terminal.Width),
// but nothing depends on the terminal counting as we do: the row is painted with wrapping switched off, and the cursor
// goes where the terminal itself ended the text in front of it. draft holds the line as characters that people see.
//
// # Trust
//
// Nothing that others chose reaches the terminal as it came: see package terminal. This goes for messages, names, rooms, and
// reasons that a server gives.
package chat
