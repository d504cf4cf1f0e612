package frame_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/throngd/throng/frame"
)

// The read callback of an echo server: it decodes what a read has returned and appends what is to be written.
func Example() {
	var (
		pool    frame.Pool                    // one for each goroutine
		config  = frame.Config{Pool: &pool}   // one for each endpoint
		decoder frame.Decoder                 // one for each connection
		mask    = [4]byte{0x37, 0xfa, 1, 255} // of a client, random for each frame
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

	sent := frame.AppendMaskedFrame(nil, frame.OpText, []byte("hello"), mask)
	fmt.Printf("%q\n", onRead(sent[:4], nil)) // a part of the header
	fmt.Printf("%q\n", onRead(sent[4:], nil))
	fmt.Printf("%q\n", onRead([]byte{0x83}, nil)) // the first byte of a frame with a reserved opcode
	// Output:
	// ""
	// "\x81\x05hello"
	// "\x88\x11\x03\xeareserved opcode"
}

// A message in two fragments with a ping between them. Partial is true while the message is incomplete.
func ExampleDecoder() {
	stream := []byte("\x01\x03hel" + "\x89\x00" + "\x80\x02lo") // from a server: not masked
	config := frame.Config{Client: true}
	var decoder frame.Decoder
	for len(stream) > 0 {
		m, n, err := decoder.Next(stream, &config)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v %q, partial %v\n", m.Op, m.Payload, decoder.Partial())
		stream = stream[n:]
	}
	// Output:
	// ping "", partial true
	// text "hello", partial false
}

// A message that is encoded once for many receivers: the header is written in front of the payload.
func ExamplePutHeader() {
	raw := make([]byte, frame.HeaderRoom, 64)
	raw = append(raw, `{"push":1}`...)
	fmt.Printf("%q\n", frame.PutHeader(raw, frame.OpText))
	// Output: "\x81\n{\"push\":1}"
}

// The close frame of a client, and what the server reads from it.
func ExampleAppendMaskedClose() {
	sent := frame.AppendMaskedClose(nil, frame.CloseGoingAway, "page closed", [4]byte{1, 2, 3, 4})

	var decoder frame.Decoder
	m, _, err := decoder.Next(sent, &frame.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	code, reason := frame.ParseClose(m.Payload)
	fmt.Println(m.Op, code, reason)
	// Output: close 1001 page closed
}

// permessage-deflate: the server accepts the offer of a client, which then reads a compressed message.
func ExampleDeflater() {
	response, window, ok := frame.AcceptDeflate([]byte("permessage-deflate"), []frame.Param{
		{Name: []byte("server_max_window_bits"), Value: []byte("10")},
	})
	fmt.Println(response, ok)

	deflater := frame.Deflater{Window: window} // for all clients with this window or a larger one
	text := strings.Repeat("hello ", 50)
	sent := deflater.AppendFrame(nil, frame.OpText, []byte(text))
	fmt.Println("compressed:", len(sent) < len(text)/5)

	var decoder frame.Decoder
	decoder.EnableDeflate()
	m, _, err := decoder.Next(sent, &frame.Config{Client: true})
	fmt.Println(string(m.Payload) == text, m.Inflated, err)
	// Output:
	// permessage-deflate;server_no_context_takeover;client_no_context_takeover;server_max_window_bits=10 true
	// compressed: true
	// true true <nil>
}
