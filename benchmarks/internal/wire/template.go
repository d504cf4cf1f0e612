package wire

import (
	"encoding/binary"

	"github.com/throngd/throng/frame"
)

// mask is the masking key of all clients, so that a frame is masked once.
var mask = [4]byte{0x37, 0xFA, 0x21, 0x3D}

// Template is a masked frame whose body can be numbered in place.
type Template struct {
	Frame []byte
	at    int    // index of the number
	mask  uint64 // for its eight bytes
}

// NewTemplate masks a text message that contains a body.
func NewTemplate(payload []byte) *Template {
	f := frame.AppendMaskedFrame(nil, frame.OpText, payload, mask)
	in := FindBody(payload, -1) + len(marker)
	t := &Template{Frame: f, at: len(f) - len(payload) + in}
	var m [8]byte
	for i := range m {
		m[i] = mask[(in+i)%4]
	}
	t.mask = binary.LittleEndian.Uint64(m[:])
	return t
}

// Number writes n into the frame.
func (t *Template) Number(n uint32) { t.NumberIn(t.Frame, n) }

// NumberIn writes n into a copy of the frame at the start of b.
func (t *Template) NumberIn(b []byte, n uint32) {
	binary.LittleEndian.PutUint64(b[t.at:], letters(n)^t.mask)
}

// Masked returns any other frame of a client.
func Masked(op byte, payload []byte) []byte {
	return frame.AppendMaskedFrame(nil, frame.Op(op), payload, mask)
}
