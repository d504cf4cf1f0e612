//go:build !windows

package netpoll

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/throngd/throng/frame"
)

// TestMembersGetNegotiatedForm: each member of a topic gets the form that it negotiated, whose window is no larger than it
// allows. Only the wide window finds bytes that are repeated at a distance of 1,000.
func TestMembersGetNegotiatedForm(t *testing.T) {
	s := start(t, &Server{Loops: 2, Endpoints: []Endpoint{{
		Compression: true,
		OnOpen:      func(c *Conn) { c.Subscribe("room"); c.Send(frame.OpText, []byte("hello")) },
	}}})
	part := make([]byte, 1000)
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(part); i++ {
		part[i] = byte(r.Uint32())
	}
	message := bytes.Repeat(part, 8)
	members := map[string]int{ // by offer: the most that the message takes on the wire
		"": len(message) + 4,
		"permessage-deflate; client_max_window_bits":       len(part) + 200,
		"permessage-deflate; server_max_window_bits=15":    len(part) + 200,
		"permessage-deflate; server_max_window_bits=14":    len(message) + 100,
		"permessage-deflate; server_max_window_bits=9":     len(message) + 100,
		"permessage-deflate; server_max_window_bits=8":     len(message) + 100,
		"permessage-deflate; server_max_window_bits=7":     len(message) + 4,
		"x, permessage-deflate; server_max_window_bits=10": len(message) + 100,
	}
	conns := map[string]net.Conn{}
	for offer := range members {
		for i := range 3 {
			header := ""
			if offer != "" {
				header = "Sec-WebSocket-Extensions: " + offer + "\r\n"
			}
			c := raw(t, s, "/", header)
			texts(t, c, 1)
			conns[fmt.Sprint(i, offer)] = c
		}
	}
	forms := map[string]int{} // members by what they got
	s.Publish("room", NewBuffer(frame.OpBinary, message))
	for name, c := range conns {
		f, err := readFrame(c)
		if err != nil {
			t.Fatal(name, err)
		}
		forms[fmt.Sprint(f.Header.Rsv, " ", string(f.Payload))]++
		most := members[name[1:]]
		if n := len(f.Payload); n > most || f.Header.Rsv1() && n < most/2 {
			t.Errorf("%s: %d bytes on the wire, want nearly %d", name, n, most)
		}
		if f.Header.Rsv1() == (most == len(message)+4) {
			t.Errorf("%s: compressed is %v", name, f.Header.Rsv1())
		}
		var d frame.Decoder
		d.EnableDeflate()
		m, _, err := d.Next(frameBytes(f.Header.Rsv1(), f.Payload), &frame.Config{Client: true})
		if err != nil || !bytes.Equal(m.Payload, message) {
			t.Errorf("%s: another message, %v", name, err)
		}
	}
	if len(forms) != 3 {
		t.Errorf("%d forms of one message, want 3", len(forms))
	}
}

// frameBytes is a binary frame of a server.
func frameBytes(compressed bool, p []byte) []byte {
	return append(frame.AppendHeader(nil, frame.OpBinary, len(p), compressed), p...)
}

// TestLoopsShareCompressedForm: a form is compressed once for all loops.
func TestLoopsShareCompressedForm(t *testing.T) {
	b := NewBuffer(frame.OpText, bytes.Repeat([]byte("text "), 1000))
	for _, f := range []form{formDeflated, formNarrow} {
		one, another := new(frame.Deflater), new(frame.Deflater)
		if first, second := b.compressed(f, one), b.compressed(f, another); &first[0] != &second[0] {
			t.Errorf("form %d is made twice", f)
		}
	}
}
