package oracle

import "fmt"

// ID names a message: its sender and its number, from 1.
type ID struct{ Sender, Number uint32 }

func (m ID) String() string { return fmt.Sprintf("message %d of c%d", m.Number, m.Sender) }

// Entry is a message and its offset in the room, 0 if the server has no offsets.
type Entry struct {
	Offset uint64
	Sender uint32
	Number uint32
}

// ID is the name of the message.
func (e Entry) ID() ID { return ID{e.Sender, e.Number} }

// Ack is the server's answer to a publish. The zero value means that there is none yet.
type Ack uint64

// An Ack is 0, or one of these; Acked may be combined with the offset that the server named.
const (
	Acked   Ack = 1 << 62
	Refused Ack = 1 << 63

	offsetMask = 1<<62 - 1
)

// AckedAt is an acknowledgement with an offset, 0 if the server named none.
func AckedAt(offset uint64) Ack { return Acked | Ack(offset&offsetMask) }

// Is reports whether a is Acked or Refused.
func (a Ack) Is(flag Ack) bool { return a&flag != 0 }

// Offset is the one that the server named, or 0.
func (a Ack) Offset() uint64 { return uint64(a) & offsetMask }

// ClientName is the name of a client in reports.
func ClientName(id uint32) string { return fmt.Sprintf("c%d", id) }
