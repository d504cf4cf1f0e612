package frame

import "strconv"

// The names in RFC 7692 section 7.1.
const (
	extensionName    = "permessage-deflate"
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverWindowBits = "server_max_window_bits"
	clientWindowBits = "client_max_window_bits"
)

// Param is one parameter of an extension in a Sec-WebSocket-Extensions field (RFC 6455 section 9.1). Value is nil if the
// parameter has none. The value of a quoted string is what is between the quotes.
type Param struct{ Name, Value []byte }

// AcceptDeflate accepts or declines an offer of permessage-deflate in a Sec-WebSocket-Extensions field (RFC 7692 section
// 5.1). If ok, response is the extension for the same field of the response, and window is the LZ77 window in bits that
// messages for this client may use: 15, or the limit in the offer (section 7.1.2.1). Use a [Deflater] with that Window or
// a smaller one.
//
// The response asks for no context takeover in both directions, which every client must support (sections 7.1.1.1 and
// 7.1.1.2), so no compressor state outlives a message. A limit of the server's window is confirmed with the same value, as
// section 7.1.2.1 requires. client_max_window_bits has no response, since the decompressor takes any window (section
// 7.1.2.2).
//
// An offer is declined if it is for another extension, if it has a parameter twice, or if it has an unknown parameter or
// an invalid value (section 7.1).
func AcceptDeflate(name []byte, params []Param) (response string, window int, ok bool) {
	if string(name) != extensionName {
		return "", 0, false
	}
	var o deflateOffer
	for _, p := range params {
		if !o.add(p) {
			return "", 0, false
		}
	}
	const noTakeover = extensionName + ";" + serverNoTakeover + ";" + clientNoTakeover
	if o.window == 0 {
		return noTakeover, maxWindowBits, true
	}
	return noTakeover + ";" + serverWindowBits + "=" + strconv.Itoa(o.window), o.window, true
}

// deflateOffer has the parameters of an offer.
type deflateOffer struct {
	seen   [4]bool
	window int // server_max_window_bits, 0 = no limit
}

// add adds one parameter. It reports whether that is valid.
func (o *deflateOffer) add(p Param) (ok bool) {
	index := 0
	switch string(p.Name) {
	case serverNoTakeover:
		index, ok = 0, p.Value == nil
	case clientNoTakeover:
		index, ok = 1, p.Value == nil
	case serverWindowBits:
		o.window = windowBits(p.Value)
		index, ok = 2, o.window != 0
	case clientWindowBits:
		index, ok = 3, p.Value == nil || windowBits(p.Value) != 0
	}
	ok = ok && !o.seen[index]
	o.seen[index] = true
	return ok
}

// The sizes of a window in bits (RFC 7692 section 7.1.2).
const (
	minWindowBits = 8
	maxWindowBits = 15
)

// windowBits reads a decimal integer from 8 to 15 without leading zeroes. It returns 0 for anything else.
func windowBits(v []byte) int {
	n, err := strconv.Atoi(string(v))
	if err != nil || n < minWindowBits || n > maxWindowBits || strconv.Itoa(n) != string(v) {
		return 0
	}
	return n
}
