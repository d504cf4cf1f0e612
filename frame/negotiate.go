package frame

import (
	"strconv"

	"github.com/gobwas/httphead"
)

// The names of RFC 7692 section 7.1.
const (
	extensionName    = "permessage-deflate"
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverWindowBits = "server_max_window_bits"
	clientWindowBits = "client_max_window_bits"
)

// AcceptDeflate answers one offer of the Sec-WebSocket-Extensions header (RFC 7692 section 5.1): the response to
// send back, or ok=false to decline. window is the LZ77 window in bits that the messages for this client may use:
// 15, or what the offer limits it to (section 7.1.2.1). A [Deflater] for it has that Window or a smaller one.
//
// The answer always asks for no context takeover both ways, which every client must honour (sections 7.1.1.1 and
// 7.1.1.2): no compressor state outlives a message. A limit of the server's window is confirmed with the same value,
// as section 7.1.2.1 demands. client_max_window_bits is never answered: with or without a value it only says what
// the client can do (section 7.1.2.2), and the decompressor takes any window.
//
// Declined are offers that name another extension, that repeat a parameter, have an unknown one or an invalid
// value (section 7.1).
func AcceptDeflate(offer httphead.Option) (answer httphead.Option, window int, ok bool) {
	if string(offer.Name) != extensionName {
		return httphead.Option{}, 0, false
	}
	o := deflateOffer{ok: true}
	offer.Parameters.ForEach(o.parameter)
	if !o.ok {
		return httphead.Option{}, 0, false
	}
	answer = httphead.Option{Name: []byte(extensionName)}
	answer.Parameters.Set([]byte(serverNoTakeover), nil)
	answer.Parameters.Set([]byte(clientNoTakeover), nil)
	if o.window == 0 {
		return answer, maxWindowBits, true
	}
	answer.Parameters.Set([]byte(serverWindowBits), strconv.AppendInt(nil, int64(o.window), 10))
	return answer, o.window, true
}

// deflateOffer is what the parameters of an offer say.
type deflateOffer struct {
	ok     bool
	seen   [4]bool
	window int // server_max_window_bits; 0 = not limited
}

// parameter judges one parameter; false ends the judgment.
func (o *deflateOffer) parameter(k, v []byte) bool {
	index := 0
	switch string(k) {
	case serverNoTakeover:
		index, o.ok = 0, v == nil
	case clientNoTakeover:
		index, o.ok = 1, v == nil
	case serverWindowBits:
		o.window = windowBits(v)
		index, o.ok = 2, o.window != 0
	case clientWindowBits:
		index, o.ok = 3, v == nil || windowBits(v) != 0
	default:
		o.ok = false
	}
	o.ok = o.ok && !o.seen[index]
	o.seen[index] = true
	return o.ok
}

// The sizes of a window that RFC 7692 section 7.1.2 knows, in bits.
const (
	minWindowBits = 8
	maxWindowBits = 15
)

// windowBits reads a decimal integer from 8 to 15 without leading zeroes; anything else is 0.
func windowBits(v []byte) int {
	n, err := strconv.Atoi(string(v))
	if err != nil || n < minWindowBits || n > maxWindowBits || strconv.Itoa(n) != string(v) {
		return 0
	}
	return n
}
