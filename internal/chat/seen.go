package chat

// seen has the ids of the last messages, so that a message that its sender had to send twice is shown once.
// The zero value is ready.
type seen struct {
	ids  map[string]struct{}
	ring [1024]string
	next int
}

// add reports whether the id is new. An empty id always is.
func (s *seen) add(id string) bool {
	if id == "" {
		return true
	}
	if _, ok := s.ids[id]; ok {
		return false
	}
	if s.ids == nil {
		s.ids = make(map[string]struct{}, len(s.ring))
	}
	delete(s.ids, s.ring[s.next])
	s.ring[s.next] = id
	s.next = (s.next + 1) % len(s.ring)
	s.ids[id] = struct{}{}
	return true
}
