package upgrade

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
)

// keyGUID is appended to the key of a request (RFC 6455, section 1.3).
const keyGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// AppendAccept appends the 101 to a request that [Upgrader.Check] found correct (RFC 6455, section 4.2.2). A client that
// expects a 100 gets it first (RFC 9110, section 7.8).
func (r *Request) AppendAccept(dst []byte) []byte {
	if r.expects {
		dst = append(dst, "HTTP/1.1 100 Continue\r\n\r\n"...)
	}
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	key, _ := headerValue(r.block, "Sec-WebSocket-Key")
	dst = appendAcceptKey(dst, key)
	if r.subprotocol != "" {
		dst = append(append(dst, "\r\nSec-WebSocket-Protocol: "...), r.subprotocol...)
	}
	if r.window != 0 {
		dst = append(append(dst, "\r\nSec-WebSocket-Extensions: "...), r.deflate...)
	}
	return append(dst, "\r\n\r\n"...)
}

// AppendReject appends the response that rejects the request. The response to HEAD has no content (RFC 9110,
// section 9.3.2).
func (r *Request) AppendReject(dst []byte, why *Reject) []byte {
	from := len(dst)
	dst = why.Append(dst)
	if r.Method() == http.MethodHead {
		dst = dst[:from+bytes.Index(dst[from:], []byte("\r\n\r\n"))+4]
	}
	return dst
}

// appendAcceptKey appends the Sec-WebSocket-Accept for a key of 24 bytes (RFC 6455, section 4.2.2).
func appendAcceptKey(dst, key []byte) []byte {
	var text [24 + len(keyGUID)]byte
	copy(text[copy(text[:], key):], keyGUID)
	sum := sha1.Sum(text[:])
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}
