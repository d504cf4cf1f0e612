package room

// room is a room with members here, or with somebody who is joining. A room
// that only has history is the memory log's alone, any other costs nothing.
type room struct {
	name string
	opts *Options

	// head is the last message that went out to the members, or the position
	// at which the room was opened; known once live.
	head  uint64
	epoch string
	live  bool
	gone  bool // closed: whoever still points here must not use it

	doubted bool // a look at the log is queued

	members  map[uint64]member // by Conn
	loops    []loopCount       // the loops with members
	users    map[string]uint32 // members of each user, with Options.Presence
	chanInfo map[uint64][]byte // by Conn, of those who have any

	most, mostUsers, mostInfo peak // of the three

	sayings map[uint64]*announcement // joins and leaves not yet pushed, by Conn
	catchup *catchup                 // nil unless somebody waits for the log
}

// member is what a room keeps of a Member: 24 bytes with its key.
type member struct {
	info  *Info
	loop  int32
	watch bool
}

type loopCount struct {
	loop              int32
	members, watchers int32
}

func (r *room) has(conn uint64) bool {
	_, ok := r.members[conn]
	return ok
}

func (r *room) add(m *Member) {
	if r.members == nil {
		r.members = make(map[uint64]member)
	}
	r.members[m.Conn] = member{m.Info, int32(m.Loop), m.WantJoinLeave}
	r.count(m.Loop, m.WantJoinLeave, 1)
	if len(m.ChanInfo) > 0 {
		if r.chanInfo == nil {
			r.chanInfo = make(map[uint64][]byte)
		}
		r.chanInfo[m.Conn] = m.ChanInfo
	}
	if r.opts.Presence {
		r.addUser(m.Info.User)
	}
}

// remove returns the member as it joined.
func (r *room) remove(conn uint64) (m Member, ok bool) {
	e, ok := r.members[conn]
	if !ok {
		return m, false
	}
	m = r.member(conn, e)
	remove(&r.members, &r.most, conn)
	remove(&r.chanInfo, &r.mostInfo, conn)
	r.count(m.Loop, m.WantJoinLeave, -1)
	if r.opts.Presence {
		r.dropUser(m.Info.User)
	}
	return m, true
}

func (r *room) member(conn uint64, e member) Member {
	return Member{
		Conn: conn, Loop: int(e.loop), Info: e.info,
		ChanInfo: r.chanInfo[conn], WantJoinLeave: e.watch,
	}
}

// count keeps loops: only those with members, so that a room in few of many
// loops is small, and a broadcast visits no other.
func (r *room) count(loop int, watch bool, by int32) {
	i := 0
	for i < len(r.loops) && r.loops[i].loop != int32(loop) {
		i++
	}
	if i == len(r.loops) {
		r.loops = append(r.loops, loopCount{loop: int32(loop)})
	}
	lc := &r.loops[i]
	lc.members += by
	if watch {
		lc.watchers += by
	}
	if lc.members == 0 {
		r.loops[i] = r.loops[len(r.loops)-1]
		r.loops = r.loops[:len(r.loops)-1]
	}
}

// open returns the room, which is about to have a member.
func (s *shard) open(name string, o *Options, by *Info) (*room, error) {
	if r := s.rooms[name]; r != nil {
		r.adopt(o)
		return r, nil
	}
	if s.mem == nil || s.mem.rings[name] == nil {
		if err := s.mayOpen(by); err != nil {
			return nil, err
		}
	}
	if s.mem == nil { // the memory log counts for itself: it knows rooms that have only history
		if !s.hub.addRoom(0) {
			s.hub.met.maxRooms.Add(1)
			return nil, ErrLimit
		}
	}
	if err := s.log.Open(name, o); err != nil {
		s.uncount()
		return nil, asError(err)
	}
	r := &room{name: name, opts: o}
	s.rooms[name] = r
	return r, nil
}

// mayOpen asks whether a connection may make a room where none is. The server
// itself always may.
func (s *shard) mayOpen(by *Info) error {
	if s.cfg.MayOpen == nil || by == nil || s.cfg.MayOpen(by) {
		return nil
	}
	return ErrRate
}

func (s *shard) uncount() {
	if s.mem == nil {
		s.hub.dropRoom()
	}
}

// tidy forgets the room when nobody is in it and nobody is coming.
func (s *shard) tidy(r *room) {
	if len(r.members) > 0 || r.joiners() > 0 || r.gone {
		return
	}
	r.gone = true
	remove(&s.rooms, &s.most, r.name)
	s.log.Close(r.name)
	s.uncount()
}

// broadcast puts b into the queue of every loop with members (watchers).
func (s *shard) broadcast(r *room, b Buffer, watchers bool) {
	for i := range r.loops {
		if lc := &r.loops[i]; !watchers || lc.watchers > 0 {
			s.emit(int(lc.loop), Event{Kind: Broadcast, Room: r.name, Buffer: b, Watchers: watchers})
		}
	}
}

// busy says whether a loop with members of the room can take no more.
func (s *shard) busy(r *room) bool {
	if s.cfg.Busy == nil {
		return false
	}
	for i := range r.loops {
		if s.cfg.Busy(int(r.loops[i].loop)) {
			return true
		}
	}
	return false
}
