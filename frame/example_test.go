package frame_test

import (
	"errors"
	"fmt"

	"github.com/throngd/throng/frame"
)

// An echo server's read callback: what a read returned goes in, the bytes to write come out.
func Example() {
	var (
		config  frame.Config  // one per loop
		decoder frame.Decoder // one per connection
	)
	onRead := func(in, out []byte) []byte {
		for len(in) > 0 {
			m, n, err := decoder.Next(in, &config)
			var e *frame.Error
			if errors.As(err, &e) {
				return frame.AppendClose(out, e.Code, e.Reason)
			}
			switch m.Op {
			case frame.OpText, frame.OpBinary:
				out = frame.AppendFrame(out, m.Op, m.Payload)
			case frame.OpPing:
				out = frame.AppendFrame(out, frame.OpPong, m.Payload)
			case frame.OpClose:
				code, _ := frame.ParseClose(m.Payload)
				out = frame.AppendClose(out, code, "")
			}
			in = in[n:]
		}
		return out
	}

	mask := [4]byte{1, 2, 3, 4} // a client takes a random one for each frame
	sent := frame.AppendMaskedFrame(nil, frame.OpText, []byte("hello"), mask)
	fmt.Printf("%q\n", onRead(sent[:4], nil)) // half a header
	fmt.Printf("%q\n", onRead(sent[4:], nil))
	fmt.Printf("%q\n", onRead([]byte{0x83}, nil)) // a reserved opcode: 1002, after its first byte
	// Output:
	// ""
	// "\x81\x05hello"
	// "\x88\x11\x03\xeareserved opcode"
}

// A message that is encoded once for many receivers.
func ExamplePutHeader() {
	raw := make([]byte, frame.HeaderRoom, 64)
	raw = append(raw, `{"push":1}`...)
	fmt.Printf("%q\n", frame.PutHeader(raw, frame.OpText))
	// Output: "\x81\n{\"push\":1}"
}
