package load

import (
	"github.com/throngd/throng/internal/load/oracle"
)

// room is a room as one event loop sees it.
type room struct {
	segment
	oracle.Room
	prefix  []byte // of a push with a publication in this room
	epoch   string
	members []client

	// Reading the history back (history.go).
	history oracle.Entries
	reader  *client // the member that reads it
	readTo  uint64  // the last offset that has been read
	read    bool    // read to its end
	unread  string  // why it could not be read
}

func (k *room) init(w *worker, s segment, members []client) {
	name := w.run.o.roomName(w.run.id, s.room)
	*k = room{segment: s, prefix: publicationPrefix(name), members: members}
	k.Name, k.Limits, k.Violations = name, w, &w.report.Violations
	k.Members = func(yield func(*oracle.Member) bool) {
		for i := range members {
			if !yield(&members[i].Member) {
				return
			}
		}
	}
	if w.run.o.Protocol == Rooms {
		k.Unordered(uint32(s.from), len(members), s.sendersOf(w.run.o.Senders))
	}
}

// enter notes that a client has joined. known says whether the server named the room's offset;
// otherwise the client is at the beginning of the room as long as nothing has been sent.
func (k *room) enter(cl *client, offset uint64, known bool) {
	cl.offset = offset
	if !known && cl.w.run.sending.Load() {
		k.JoinAnywhere(&cl.Member)
		return
	}
	k.Join(&cl.Member, offset)
}

// evidence is what this process knows of its rooms. The loops have ended.
func (r *run) evidenceOfRooms() []oracle.Evidence {
	byRoom := map[int]*oracle.Evidence{}
	var order []int
	for _, w := range r.workers {
		for i := range w.rooms {
			k := &w.rooms[i]
			e := byRoom[k.room]
			if e == nil {
				e = &oracle.Evidence{Room: k.room, Name: k.Name, Acks: map[uint32]oracle.Acks{}}
				byRoom[k.room] = e
				order = append(order, k.room)
			}
			k.addTo(e)
		}
	}
	all := make([]oracle.Evidence, 0, len(order))
	for _, room := range order {
		all = append(all, *byRoom[room])
	}
	return all
}

func (k *room) addTo(e *oracle.Evidence) {
	e.Journals = append(e.Journals, k.Journal())
	for m := range k.members {
		if s := k.members[m].sender; s != nil {
			e.Acks[k.members[m].ID] = s.acks
		}
	}
	if k.reader != nil || k.unread != "" {
		e.History, e.Read, e.Unread = k.history, k.read, k.unread
	}
}

// judge has the oracle compare, room by room, what all loops received. The evidence about rooms
// that are split between processes is kept for the first process.
func (r *run) judge() {
	if r.o.Protocol == Echo {
		return
	}
	split := map[int]bool{}
	for _, s := range r.segments {
		split[s.room] = s.split
	}
	for _, e := range r.evidenceOfRooms() {
		if split[e.Room] {
			r.evidence = append(r.evidence, e)
			continue
		}
		oracle.Judge(r.report, e, oracle.Options{Unordered: r.o.Protocol == Rooms, Early: r.interrupted()})
	}
}
