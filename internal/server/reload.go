package server

import "github.com/throngd/throng/internal/config"

// Reload takes over what can change while the server runs ([config.Loaded.With]
// tells what that is) and reads the certificate again. Nobody is disconnected.
// On an error everything is as it was. The goroutine that calls it is also the
// one that calls Stop.
func (s *Server) Reload(cfg *config.Config) error {
	if s.certs != nil {
		if err := s.certs.Use(cfg.TLSCert, cfg.TLSKey); err != nil {
			return err
		}
		s.certs.Log(s.log)
	}
	if err := s.edge.Reload(edgeConfig(cfg, "")); err != nil {
		return err
	}
	s.poll.LimitIP(cfg.ConnectionsPerIP, cfg.ConnectionRatePerIP)
	s.origins.set(cfg.AllowedOrigins)
	s.drain = drainOf(cfg)
	return nil
}
