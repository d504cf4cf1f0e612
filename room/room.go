package room

// room is a room with members on this node, or with joins under way. The history
// of a room is in the log.
type room struct {
	name string
	opts *Options

	// The head is the offset of the last message that was broadcast, or of the
	// position at which the room was opened. It is known once the room is ready.
	head   uint64
	epoch  string
	ready  bool
	closed bool // removed from the shard: queues may still refer to it

	readScheduled bool // a gap check with readAlways is queued

	members  map[uint64]member // by Conn
	loops    []loopCount       // the loops with members, for each form that these have
	users    map[string]uint32 // number of members of each user, with Options.Presence
	chanInfo map[uint64][]byte // by Conn, for members that have it

	peakMembers, peakUsers, peakInfo peak

	pendingJoinLeave map[uint64]*joinLeave // joins and leaves not pushed yet, by Conn
	sync             *syncState            // nil unless something waits for the log
}

// member is what a room keeps of a Member: 24 bytes with its key.
type member struct {
	info  *Info
	loop  int32
	watch bool
	form  Form
}

// loopCount counts the members of one form on one loop.
type loopCount struct {
	loop              int32
	form              Form
	members, watchers int32
}

// openRoom returns the room, a new one if it has no members yet. by asks for it.
func (s *shard) openRoom(name string, o *Options, by *Info) (*room, error) {
	if r := s.rooms[name]; r != nil {
		r.setOptions(o)
		return r, nil
	}
	if s.keeper == nil || !s.keeper.Keeps(name) {
		if err := s.mayOpen(by); err != nil {
			return nil, err
		}
	}
	if err := s.log.Open(name, o); err != nil {
		return nil, asError(err)
	}
	r := &room{name: name, opts: o}
	s.rooms[name] = r
	return r, nil
}

// mayOpen asks whether a connection may make a new room. The server may.
func (s *shard) mayOpen(by *Info) error {
	if s.cfg.MayOpen == nil || by == nil || s.cfg.MayOpen(by) {
		return nil
	}
	return ErrRate
}

// closeIfEmpty removes the room if it has no members and no joins under way.
func (s *shard) closeIfEmpty(r *room) {
	if len(r.members) > 0 || r.pendingJoins() > 0 || r.closed {
		return
	}
	r.closed = true
	deleteShrinking(&s.rooms, &s.peakRooms, r.name)
	s.log.Close(r.name)
}

func (r *room) position() Position { return Position{r.head, r.epoch} }

// setOptions gives the room the options of a command. They are another value
// after a change of the namespace while the process runs. A command that was
// under way may bring the old ones once more; then the room changes twice.
func (r *room) setOptions(o *Options) {
	if r.opts == o {
		return
	}
	if o.Presence != r.opts.Presence {
		r.users = nil
		if o.Presence {
			for _, m := range r.members {
				r.addUser(m.info.User)
			}
		}
	}
	r.opts = o
}

func (r *room) has(conn uint64) bool {
	_, ok := r.members[conn]
	return ok
}

func (r *room) add(m *Member) {
	if r.members == nil {
		r.members = make(map[uint64]member)
	}
	r.members[m.Conn] = member{m.Info, int32(m.Loop), m.WantJoinLeave, m.Form}
	r.count(m, 1)
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
	deleteShrinking(&r.members, &r.peakMembers, conn)
	deleteShrinking(&r.chanInfo, &r.peakInfo, conn)
	r.count(&m, -1)
	if r.opts.Presence {
		r.dropUser(m.Info.User)
	}
	return m, true
}

func (r *room) member(conn uint64, e member) Member {
	return Member{
		Conn: conn, Loop: int(e.loop), Info: e.info,
		ChanInfo: r.chanInfo[conn], WantJoinLeave: e.watch, Form: e.form,
	}
}

// count adds by to the members of m's loop and form. loops has only entries with
// members, so that a broadcast visits no other loop and a small room takes little
// memory.
func (r *room) count(m *Member, by int32) {
	i := 0
	for i < len(r.loops) && (r.loops[i].loop != int32(m.Loop) || r.loops[i].form != m.Form) {
		i++
	}
	if i == len(r.loops) {
		r.loops = append(r.loops, loopCount{loop: int32(m.Loop), form: m.Form})
	}
	lc := &r.loops[i]
	lc.members += by
	if m.WantJoinLeave {
		lc.watchers += by
	}
	if lc.members == 0 {
		r.loops[i] = r.loops[len(r.loops)-1]
		r.loops = r.loops[:len(r.loops)-1]
	}
}

// broadcast emits a push to each loop with members, or with watchers. The push is
// encoded once in each form that these have.
func (s *shard) broadcast(r *room, encode func(Form) Buffer, watchers bool) {
	var encoded [Forms]Buffer
	for i := range r.loops {
		lc := &r.loops[i]
		if watchers && lc.watchers == 0 {
			continue
		}
		if encoded[lc.form] == nil {
			encoded[lc.form] = encode(lc.form)
		}
		s.emit(int(lc.loop), Event{Kind: Broadcast, Room: r.name, Form: lc.form, Buffer: encoded[lc.form], Watchers: watchers})
	}
}

// busy tells whether a loop with members of the room can take no more.
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
