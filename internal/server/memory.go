package server

// About what is in memory for each, in bytes.
const (
	perConnection = 1 << 10
	perMembership = 1 << 10
	perForgotten  = 56
)

// InUse is about how many bytes connections, rooms and messages take. Any goroutine may call it.
func (s *Server) InUse() int64 {
	r := s.edge.Hub().Stats()
	return int64(s.Connections())*perConnection + r.Members*perMembership + r.Forgotten*perForgotten + r.HistoryBytes
}
