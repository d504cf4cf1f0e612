package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/throngd/throng/internal/certs"
	"github.com/throngd/throng/internal/config"
)

// openCertificate makes the TLS configuration, nil without a certificate.
func (s *Server) openCertificate(cfg *config.Config) (c *tls.Config, err error) {
	if cfg.TLSCert == "" {
		return nil, nil
	}
	if s.certs, err = certs.Open(cfg.TLSCert, cfg.TLSKey); err != nil {
		return nil, err
	}
	s.certs.LogProblem(s.log)
	return s.certs.Config(), nil
}

// watchTimeout is how long the end of the server waits for a look at the files,
// which may hang with the disk they are on.
const watchTimeout = time.Second

// watchCertificate takes over the certificate when its files change, until stop.
func (s *Server) watchCertificate() (stop func()) {
	if s.certs == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.certs.Watch(ctx, s.log)
	}()
	return func() {
		cancel()
		select {
		case <-done:
		case <-time.After(watchTimeout):
		}
	}
}

// TLS reports whether the port speaks wss and https.
func (s *Server) TLS() bool { return s.certs != nil }

// Trusted reports whether this machine trusts the certificate for host.
func (s *Server) Trusted(host string) bool {
	_, err := s.certs.Leaf().Verify(x509.VerifyOptions{DNSName: host, Intermediates: s.certs.Intermediates()})
	return err == nil
}
