// Package protocol is the schema of the Centrifuge client protocol: the commands and their requests, the results of
// replies, and the codes of errors, disconnects and unsubscribes. It contains no encoding; package jsonwire reads and
// writes the JSON form. It knows no sockets and no rooms: a channel of the protocol is a room of package room.
//
// # Codes
//
// [Error] is the reply to one command, [Disconnect] is a close code, [Unsubscribe] ends one subscription. Numbers and
// texts are those of the protocol. The range of a code tells the SDKs whether to reconnect or to subscribe again.
package protocol
