package load

import (
	"encoding/binary"
	"encoding/json"
	"slices"
)

// evidence is what one process knows of a room at the end. It travels as JSON from process to
// process if the room was split.
type evidence struct {
	Room     int
	Name     string
	Journals []testimony
	Voices   map[uint32]packedAcks // by sender
	History  packedEntries
	Read     bool   // the history was read to its end, by this process
	Unread   string // why it could not be
}

// testimony is the journal of one loop.
type testimony struct {
	From     uint64
	Attended bool
	Entries  packedEntries
	Heard    map[uint32]uint32 // without an order: by sender, the last number
}

type (
	packedEntries []entry
	packedAcks    []ack
)

const packedEntry = 16

// MarshalJSON writes base64, which is a tenth of the numbers in decimal.
func (p packedEntries) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(p)*packedEntry)
	for _, e := range p {
		b = binary.LittleEndian.AppendUint64(b, e.offset)
		b = binary.LittleEndian.AppendUint32(b, e.sender)
		b = binary.LittleEndian.AppendUint32(b, e.number)
	}
	return json.Marshal(b)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (p *packedEntries) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	*p = make(packedEntries, 0, len(b)/packedEntry)
	for ; len(b) >= packedEntry; b = b[packedEntry:] {
		*p = append(*p, entry{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])})
	}
	return nil
}

// MarshalJSON writes base64.
func (p packedAcks) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(p)*8)
	for _, a := range p {
		b = binary.LittleEndian.AppendUint64(b, uint64(a))
	}
	return json.Marshal(b)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (p *packedAcks) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	*p = make(packedAcks, 0, len(b)/8)
	for ; len(b) >= 8; b = b[8:] {
		*p = append(*p, ack(binary.LittleEndian.Uint64(b)))
	}
	return nil
}

// gather collects the evidence of all rooms of this process. The loops have ended.
func (r *run) gather() []evidence {
	byRoom := map[int]*evidence{}
	for _, w := range r.workers {
		for i := range w.rooms {
			k := &w.rooms[i]
			e := byRoom[k.room]
			if e == nil {
				e = &evidence{Room: k.room, Name: k.name, Voices: map[uint32]packedAcks{}}
				byRoom[k.room] = e
			}
			e.add(k)
		}
	}
	all := make([]evidence, 0, len(byRoom))
	for _, e := range byRoom {
		all = append(all, *e)
	}
	slices.SortFunc(all, func(a, b evidence) int { return a.Room - b.Room })
	return all
}

func (e *evidence) add(k *room) {
	e.Journals = append(e.Journals, testimony{From: k.journal.from, Attended: k.journal.attended, Entries: k.journal.entries, Heard: k.heardMost()})
	for m := range k.members {
		if v := k.members[m].voice; v != nil {
			e.Voices[k.members[m].id] = v.acks
		}
	}
	if k.reading != nil || k.unread != "" {
		e.History, e.Read, e.Unread = k.history, k.read, k.unread
	}
}

// join adds what another process knows of the same room.
func (e *evidence) join(o evidence) {
	e.Journals = append(e.Journals, o.Journals...)
	for id, acks := range o.Voices {
		e.Voices[id] = acks
	}
	if o.Read || o.Unread != "" {
		e.History, e.Read, e.Unread = o.History, o.Read, o.Unread
	}
}
