// Package server is the public listener of throng. It combines the edge (protocol and rooms), the demo page and a
// netpoll.Server according to a configuration.
//
//	s, err := server.New(cfg, version, log)
//	err = s.Listen()
//	err = s.Serve()         // until Stop
//	err = s.Stop(ctx)       // closes the connections as cfg.Drain and cfg.DrainRate say
package server
