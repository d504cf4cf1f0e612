package frame

// Defaults of Config.
const (
	DefaultMaxMessage   = 64 << 10
	DefaultMaxFragments = 1024
)

// Config is what the connections of one endpoint on one loop share: the limits, and the scratch memory their
// decoders borrow. One goroutine at a time; the zero value is ready.
type Config struct {
	// Client says that we are the client: the peer is a server and its frames must be unmasked.
	Client bool
	// MaxMessage bounds a message in bytes, on the wire and inflated; 0 is 64 KiB.
	MaxMessage int
	// MaxFragments refuses a message of more fragments than this whose mean payload is under 16 bytes;
	// 0 is 1,024.
	MaxFragments int
}

// Message is a whole message or a control frame.
type Message struct {
	Op      Op // OpText, OpBinary, OpClose, OpPing, OpPong; 0 when more bytes are needed
	Payload []byte
}
