package oracle

import (
	"encoding/binary"
	"encoding/json"
)

// Evidence is what one process knows of a room at the end. If the room is split between processes,
// it travels as JSON to the process that judges it.
type Evidence struct {
	Room     int
	Name     string
	Journals []LoopJournal
	Acks     map[uint32]Acks // by sender; the answer to message n has index n-1
	History  Entries
	Read     bool   // this process read the history to its end
	Unread   string // why the history could not be read
}

// Merge adds what another process knows of the same room.
func (e *Evidence) Merge(o Evidence) {
	e.Journals = append(e.Journals, o.Journals...)
	for id, acks := range o.Acks {
		e.Acks[id] = acks
	}
	if o.Read || o.Unread != "" {
		e.History, e.Read, e.Unread = o.History, o.Read, o.Unread
	}
}

type (
	// Entries are encoded in JSON as base64, a tenth of the size of decimal numbers.
	Entries []Entry
	// Acks are encoded in JSON as base64.
	Acks []Ack
)

const (
	entrySize = 16
	ackSize   = 8
)

// MarshalJSON implements json.Marshaler.
func (p Entries) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(p)*entrySize)
	for _, e := range p {
		b = binary.LittleEndian.AppendUint64(b, e.Offset)
		b = binary.LittleEndian.AppendUint32(b, e.Sender)
		b = binary.LittleEndian.AppendUint32(b, e.Number)
	}
	return json.Marshal(b)
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Entries) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	*p = make(Entries, 0, len(b)/entrySize)
	for ; len(b) >= entrySize; b = b[entrySize:] {
		*p = append(*p, Entry{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])})
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (p Acks) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(p)*ackSize)
	for _, a := range p {
		b = binary.LittleEndian.AppendUint64(b, uint64(a))
	}
	return json.Marshal(b)
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Acks) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	*p = make(Acks, 0, len(b)/ackSize)
	for ; len(b) >= ackSize; b = b[ackSize:] {
		*p = append(*p, Ack(binary.LittleEndian.Uint64(b)))
	}
	return nil
}
