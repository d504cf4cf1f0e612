// Package pbwire is the Protobuf codec of the Centrifuge client protocol, whose schema is package protocol. It does what
// package jsonwire does for JSON, with functions of the same names.
//
// The definition is client.proto of github.com/centrifugal/protocol, whose generated code decodes the requests. Replies and
// pushes are written with protowire: a push is encoded once for all members of a room, into a buffer that has room for the
// WebSocket header in front.
//
// # Framing
//
// A binary frame contains one or more messages, each behind its length as a varint, in both directions: Command from the
// client, Reply from the server. A push is a Reply without an id. An empty Reply, the one byte 0, is a server ping, and an
// empty Command is the pong.
//
// # Additions
//
// What throng adds to the protocol has field numbers from 100 on, see [FieldIdempotencyKey] and the others. Clients that do
// not know a field skip it.
package pbwire

import "google.golang.org/protobuf/encoding/protowire"

// The fields that throng adds to client.proto.
const (
	FieldIdempotencyKey protowire.Number = 100 // string, in PublishRequest
	FieldPublishOffset  protowire.Number = 100 // uint64, in PublishResult
	FieldPublishEpoch   protowire.Number = 101 // string, in PublishResult
	FieldHistoryMore    protowire.Number = 100 // bool, in HistoryResult
)
