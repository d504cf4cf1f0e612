//go:build !windows

package netpoll

// A message has one encoded form for each kind of member. A form is made once and shared by all of these members on all
// loops.
//
// Clients that limit the window of our compressor (RFC 7692, 7.1.2.1) share one form, which has the smallest window, whatever
// their limit is. They are few, and for messages of a chat's size it is hardly longer than the one with the largest window.
// These clients are in the slow list of their topics, as TLS members are: the fast lists have two forms only.

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

// form is the form that c's peer has negotiated.
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
func (c *Conn) formOf(b *Buffer) []byte { return c.loop.fanout.encoded(b, c.form()) }

// encoded is b in a form. Messages shorter than CompressMin have the plain one only.
func (f *fanout) encoded(b *Buffer, form form) []byte {
	if form == formPlain || len(b.Payload()) < f.loop.engine.compressMin {
		return b.bytes
	}
	return b.compressed(form, &f.deflater[form])
}
