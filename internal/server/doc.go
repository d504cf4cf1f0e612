// Package server is the public port of throng: it fits the edge (protocol and
// rooms), the demo page and a netpoll server together as a configuration says.
//
//	s, err := server.New(cfg, version, log)
//	err = s.Listen()
//	err = s.Serve()         // until Stop
//	err = s.Stop(ctx)       // in order, over cfg.Drain
//
// Nothing of the protocol and nothing of sockets is here.
package server
