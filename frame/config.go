package frame

import "math"

// Defaults of Config.
const (
	DefaultMaxMessage   = 64 << 10
	DefaultMaxFragments = 1024
)

// Config is what the connections of one endpoint on one loop share: the limits, and the scratch memory that
// their decoders borrow (buffers of split messages, one decompressor). One goroutine at a time; the zero value
// is ready. It must not be copied once in use.
type Config struct {
	// Client says that we are the client: the peer is a server, and its frames must be unmasked.
	Client bool
	// MaxMessage bounds a message in bytes, on the wire and inflated; 0 is 64 KiB. Larger ones end the
	// connection with 1009 before their payload is read.
	MaxMessage int
	// MaxFragments: a message of more fragments than this whose mean payload is under 16 bytes ends the
	// connection with 1008; 0 is 1,024.
	MaxFragments int

	buffers  pool
	inflater inflater
}

func (c *Config) maxMessage() int {
	if c.MaxMessage <= 0 {
		return DefaultMaxMessage
	}
	return min(c.MaxMessage, math.MaxInt-HeaderRoom) // limit+1 must not overflow
}

func (c *Config) maxFragments() int {
	if c.MaxFragments <= 0 {
		return DefaultMaxFragments
	}
	return c.MaxFragments
}
