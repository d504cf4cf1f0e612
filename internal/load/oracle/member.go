package oracle

// Member is the oracle's part of a client. It has 12 bytes, since there may be a million of them.
type Member struct {
	next      uint32 // index in the journal of the entry that must come next
	ID        uint32 // in the whole run
	unplaced  bool   // next is not known until the first message arrives
	Resumable bool   // the server lets it recover what it missed while it was disconnected
	Gone      bool   // disconnected
}

// Unplaced reports whether the member's position in the room is unknown: it joined a room without
// offsets after messages had been sent, or messages to it were dropped.
func (m *Member) Unplaced() bool { return m.unplaced }

// Join sets the position of a member that has joined at this offset; 0 is the beginning.
func (r *Room) Join(m *Member, offset uint64) {
	m.unplaced = false
	m.next = uint32(r.journal.after(offset))
	if !r.joined || offset < r.journal.From {
		r.joined, r.journal.From = true, offset
	}
}

// JoinAnywhere is Join where the server names no offset and messages have been sent already: the
// member's first message will show its position.
func (r *Room) JoinAnywhere(m *Member) { m.unplaced = true }

// JoinWithLoss is Join for a member to which the server has replied that the missed messages cannot
// be recovered. That reply is correct behaviour, so the missed messages are no violation.
func (r *Room) JoinWithLoss(m *Member, offset uint64) {
	r.journal.From = max(r.journal.From, offset)
	r.Join(m, offset)
}
