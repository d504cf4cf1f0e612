package protocol

import "encoding/hex"

// ClientInfo describes the client that published, joined, left or is present. ConnInfo and ChanInfo are nil or valid
// JSON without line ends.
type ClientInfo struct {
	User     string // "": anonymous
	Client   ClientID
	ConnInfo []byte
	ChanInfo []byte
}

// ClientID identifies one connection: 16 bytes, unique across nodes and restarts.
type ClientID [16]byte

// Append appends the id in the form of a UUID (RFC 9562 section 4), as it is sent to clients.
func (id ClientID) Append(dst []byte) []byte {
	dst = hex.AppendEncode(dst, id[:4])
	for i := 4; i < 10; i += 2 {
		dst = hex.AppendEncode(append(dst, '-'), id[i:i+2])
	}
	return hex.AppendEncode(append(dst, '-'), id[10:])
}

// String returns what Append appends.
func (id ClientID) String() string { return string(id.Append(make([]byte, 0, 36))) }
