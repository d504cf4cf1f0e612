package server

import (
	"github.com/throngd/throng/internal/certs"
	"github.com/throngd/throng/internal/config"
)

// ReadCertificate reads the certificate that cfg names, and changes nothing. It
// is nil without TLS. It may take as long as the disk does; any goroutine may
// call it.
func (s *Server) ReadCertificate(cfg *config.Config) (*certs.Pair, error) {
	if s.certs == nil {
		return nil, nil
	}
	return certs.Read(cfg.TLSCert, cfg.TLSKey)
}

// TakeCertificate uses a certificate that was read, and says so in the log. A
// nil one changes nothing. On an error the old one stays.
func (s *Server) TakeCertificate(p *certs.Pair) error {
	if p == nil {
		return nil
	}
	if err := s.certs.Take(p); err != nil {
		return err
	}
	s.certs.Log(s.log)
	return nil
}

// Reload takes over what can change while the server runs ([config.Loaded.With]
// tells what that is), but for the certificate. Nobody is disconnected, and
// nothing is waited for. On an error everything is as it was. The goroutine that
// calls it is also the one that calls Stop.
func (s *Server) Reload(cfg *config.Config) error {
	list, err := compileOrigins(cfg.AllowedOrigins)
	if err != nil {
		return err
	}
	if err := s.edge.Reload(s.edgeConfig(cfg, "")); err != nil {
		return err
	}
	s.poll.LimitIP(cfg.ConnectionsPerIP, cfg.ConnectionRatePerIP)
	s.origins.list.Store(list)
	s.drain = drainOf(cfg)
	return nil
}
