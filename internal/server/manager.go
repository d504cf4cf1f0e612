package server

import "net"

// Inherit makes Listen take this TCP listener over instead of binding an address.
func (s *Server) Inherit(ln net.Listener) { s.poll.Listener = ln }
