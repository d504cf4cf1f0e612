// Package chat is the terminal client behind `throng chat URL ROOM`, on the official Go SDK (centrifuge-go).
//
// # Three kinds of input
//
// A user at a terminal has a line to type in, commands (/help), joins and leaves. If the output is not a terminal,
// or TERM is dumb, the same works without the line at the bottom.
//
// With a pipe as input, every line that is not blank is one message, whatever it begins with, and Run returns when all of
// them are acknowledged. The output has the messages of others, but not those that were sent from here, no joins and
// leaves, and no earlier messages unless Options.History asks for them.
//
// With /dev/null or a closed standard input the client only listens, until it is interrupted or the reader of its output
// has gone.
//
// Messages, joins and leaves go to the output, one Write each, so that lines are whole in a pipe; notices about the
// connection go to the error output, or to the output if both are one terminal.
//
// # Structure
//
// session.loop is one goroutine that owns everything; the SDK's callbacks and the requests in flight send it functions
// (session.post). A line becomes a message in outbox, and one message at a time is published. A visit is the time in one
// room: after every subscription it is loading (earlier or missed messages are fetched, new ones are held back), then live.
//
// After a publish has failed on a broken connection, the SDK does not know whether the message was stored. Therefore each
// message carries an id in its data ({"text":"...","id":"..."}); after resuming, the missed messages are read first,
// and only a message that is not among them is sent again. Readers drop a second message with the same id (seen). What
// remains is a message that the server finds in the old connection after the new one has resumed: it is stored twice
// and shown once by readers that look at the id.
//
// # The input line
//
// The screen keeps one row below the conversation, and moves nothing above it. Text is measured in cells (terminal.Width),
// but nothing depends on the terminal counting in the same way: the row is painted with wrapping switched off, and the
// cursor is put where the terminal itself ended the text before it. A draft holds the line as grapheme clusters.
//
// # Trust
//
// Text that other users or the server chose (messages, names, rooms, reasons) is made safe by package terminal before it
// is printed.
package chat
