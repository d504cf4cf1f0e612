package load

// segment is a part of a room's members: the clients numbered from (included) to (excluded).
// Clients are numbered through the whole run, room after room.
type segment struct {
	room     int
	from, to int
	first    int  // the number of the room's first member
	size     int  // members of the whole room
	split    bool // other processes have members too
}

// wholeRooms is the number of rooms for each part from which on rooms are not split.
const wholeRooms = 8

// plan lays out all clients.
func plan(connections, rooms int) []segment {
	all := make([]segment, rooms)
	for r := range all {
		from, to := int(int64(r)*int64(connections)/int64(rooms)), int(int64(r+1)*int64(connections)/int64(rooms))
		all[r] = segment{room: r, from: from, to: to, first: from, size: to - from}
	}
	return all
}

// part returns the i-th of n parts of equal size: whole rooms if there are enough of them, otherwise
// a part of each room.
func part(all []segment, i, n int) (mine []segment) {
	if n == 1 {
		return all
	}
	if len(all) >= wholeRooms*n || len(all) >= n && size(all) < wholeRooms*wholeRooms*n {
		return all[i*len(all)/n : (i+1)*len(all)/n]
	}
	for _, s := range all {
		n, i, size := int64(n), int64(i), int64(s.to-s.from)
		p := s
		p.from, p.to = s.from+int(i*size/n), s.from+int((i+1)*size/n)
		p.split = s.split || p.to-p.from < s.to-s.from
		if p.from < p.to {
			mine = append(mine, p)
		}
	}
	return mine
}

func size(all []segment) (n int) {
	for _, s := range all {
		n += s.to - s.from
	}
	return n
}

// sends reports whether client id is one of the senders of its room. They are spread evenly over its
// members.
func (s segment) sends(id, senders int) bool {
	senders = min(senders, s.size)
	return int64(id-s.first)*int64(senders)%int64(s.size) < int64(senders)
}

// sendersOf returns the clients that send in the whole room.
func (s segment) sendersOf(senders int) (ids []uint32) {
	for id := s.first; id < s.first+s.size; id++ {
		if s.sends(id, senders) {
			ids = append(ids, uint32(id))
		}
	}
	return ids
}

// misbehaves reports whether client id is one of the share, in percent, that misbehaves. The first
// member of a room never does.
func (s segment) misbehaves(id, share int) bool {
	i := id - s.first
	return i > 0 && (i*share)%100 >= 100-share
}
