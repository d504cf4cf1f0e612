//go:build !windows

package netpoll

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"

	"github.com/gobwas/httphead"
)

// keyGUID is what RFC 6455, section 1.3, appends to a key.
const keyGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// appendSwitch appends the 101 to the request (RFC 6455, section 4.2.2). A client that expects
// a 100 gets it first (RFC 9110, section 7.8).
func (r *Request) appendSwitch(dst []byte) []byte {
	if r.expects {
		dst = append(dst, "HTTP/1.1 100 Continue\r\n\r\n"...)
	}
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	key, _ := headerValue(r.block, "Sec-WebSocket-Key")
	dst = appendAccept(dst, key)
	if r.subprotocol != "" {
		dst = append(append(dst, "\r\nSec-WebSocket-Protocol: "...), r.subprotocol...)
	}
	if r.window != 0 {
		out := bytes.NewBuffer(append(dst, "\r\nSec-WebSocket-Extensions: "...))
		_, _ = httphead.WriteOptions(out, []httphead.Option{r.deflate}) // a Buffer takes everything
		dst = out.Bytes()
	}
	return append(dst, "\r\n\r\n"...)
}

// appendAccept appends what answers a key of 24 bytes.
func appendAccept(dst, key []byte) []byte {
	var text [24 + len(keyGUID)]byte
	copy(text[copy(text[:], key):], keyGUID)
	sum := sha1.Sum(text[:])
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}
