package frame

import "math"

// Defaults of Config.
const (
	DefaultMaxMessage   = 64 << 10
	DefaultMaxFragments = 1024
)

// Config has the settings of decoders, usually those of one endpoint. The zero value is ready to use. It may be copied.
type Config struct {
	// Client: this end is the client, so received frames must not be masked (RFC 6455 section 5.1).
	Client bool
	// MaxMessage bounds a message in bytes, on the wire and inflated; 0 is 64 KiB. A larger one ends the connection
	// with 1009 before its payload is read.
	MaxMessage int
	// MaxFragments bounds the fragments of a message with a mean payload under 16 bytes; 0 is 1,024. More end the
	// connection with 1008.
	MaxFragments int
	// Pool has the memory that decoders share. With nil each split or compressed message allocates its own.
	Pool *Pool
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
