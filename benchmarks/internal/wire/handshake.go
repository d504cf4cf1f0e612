package wire

import "bytes"

// Every client uses the key of RFC 6455, section 1.2, so that the floor need not hash.
const (
	key    = "dGhlIHNhbXBsZSBub25jZQ=="
	accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// Response is the floor's answer to every request.
const Response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"

// Request asks for a WebSocket at the target.
func Request(host, target string) []byte {
	return []byte("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Version: 13\r\n\r\n")
}

// Upgraded looks for a complete response in b. The frames begin after it.
func Upgraded(b []byte) (rest []byte, complete, ok bool) {
	head, rest, complete := bytes.Cut(b, []byte("\r\n\r\n"))
	return rest, complete, bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) && bytes.Contains(head, []byte(accept))
}
