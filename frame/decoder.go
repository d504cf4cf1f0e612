package frame

// Decoder is the state of one connection; the zero value is ready.
type Decoder struct{ flags byte }

// EnableDeflate says that permessage-deflate was negotiated.
func (d *Decoder) EnableDeflate() { d.flags = 1 }

// Deflate reports whether permessage-deflate was negotiated.
func (d *Decoder) Deflate() bool { return d.flags != 0 }

// Next consumes from b and returns the next message. The parser arrives with the next commit.
func (d *Decoder) Next(b []byte, c *Config) (m Message, n int, err error) { return m, len(b), nil }

// Partial reports whether a frame or message is in progress.
func (d *Decoder) Partial() bool { return false }

// Release gives pooled memory back.
func (d *Decoder) Release(c *Config) { *d = Decoder{} }
