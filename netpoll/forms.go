//go:build !windows

package netpoll

// A message has a form for each kind of members: made once, and shared by all of them on all loops.
//
// Clients that limit the window of our compressor (RFC 7692, 7.1.2.1), whatever to, share one form with the smallest
// window. They are few, and for messages of a chat's size it is hardly longer than the wide one. Those clients stand in
// the slow list of their topics, as TLS members do: the walk over the fast lists does not know of them.

type form uint8

const (
	formPlain    form = iota
	formDeflated      // with a window of 32 KiB
	formNarrow        // with a window of 256 bytes
	numForms
)

// Windows in bits.
const (
	wideWindow   = 15
	narrowWindow = 8
)

// form is what c's peer has negotiated.
func (c *Conn) form() form {
	switch {
	case !c.dec.Deflate():
		return formPlain
	case c.has(flagNarrow):
		return formNarrow
	}
	return formDeflated
}

// formOf is the encoding of b for c's peer.
func (c *Conn) formOf(b *Buffer) []byte { return c.loop.encoded(b, c.form()) }

// encoded is b in a form; messages of less than CompressMin have only one.
func (l *Loop) encoded(b *Buffer, form form) []byte {
	if form == formPlain || len(b.Payload()) < l.server.CompressMin {
		return b.bytes
	}
	return b.compressed(form, &l.deflater[form])
}
