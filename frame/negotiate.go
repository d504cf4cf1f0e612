package frame

import "github.com/gobwas/httphead"

// The names of RFC 7692 section 7.1.
const (
	extensionName    = "permessage-deflate"
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverWindowBits = "server_max_window_bits"
	clientWindowBits = "client_max_window_bits"
)

// AcceptDeflate answers one offer of the Sec-WebSocket-Extensions header (RFC 7692 section 5.1): the response to
// send back, or ok=false to decline. The answer always asks for no context takeover both ways, which every
// client must honour (sections 7.1.1.1 and 7.1.1.2): no compressor state outlives a message.
//
// Declined are offers that name another extension, that repeat a parameter, have an unknown one or an invalid
// value, and windows under 15 bits: both our compressor and our decompressor work with 32 KiB.
func AcceptDeflate(offer httphead.Option) (httphead.Option, bool) {
	if string(offer.Name) != extensionName {
		return httphead.Option{}, false
	}
	ok := true
	var seen [4]bool
	offer.Parameters.ForEach(func(k, v []byte) bool {
		i := deflateParam(k, v)
		ok = i >= 0 && !seen[i]
		if ok {
			seen[i] = true
		}
		return ok
	})
	if !ok {
		return httphead.Option{}, false
	}
	answer := httphead.Option{Name: []byte(extensionName)}
	answer.Parameters.Set([]byte(serverNoTakeover), nil)
	answer.Parameters.Set([]byte(clientNoTakeover), nil)
	return answer, true
}

// deflateParam numbers the parameter, or is -1 when we cannot do what it asks for.
func deflateParam(k, v []byte) int {
	switch string(k) {
	case serverNoTakeover:
		return accept(0, len(v) == 0)
	case clientNoTakeover:
		return accept(1, len(v) == 0)
	case serverWindowBits:
		return accept(2, string(v) == "15")
	case clientWindowBits: // without a value it only says that the client can do it: section 7.1.2.2
		return accept(3, len(v) == 0 || string(v) == "15")
	}
	return -1
}

func accept(i int, ok bool) int {
	if ok {
		return i
	}
	return -1
}
