package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/throngd/throng/internal/certs"
	"github.com/throngd/throng/internal/config"
)

// openCertificate returns the TLS configuration, nil without a certificate.
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

// watchTimeout bounds how long stop waits for a check of the files, which may hang with the disk.
const watchTimeout = time.Second

// watchCertificate replaces the certificate when its files change, until stop is called.
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

// ReadCertificate reads the certificate of cfg without using it. It returns nil without TLS. It may block on the disk. Any
// goroutine may call it.
func (s *Server) ReadCertificate(cfg *config.Config) (*certs.Pair, error) {
	if s.certs == nil {
		return nil, nil
	}
	return certs.Read(cfg.TLSCert, cfg.TLSKey)
}

// TakeCertificate uses a certificate that was read, and logs it. nil changes nothing. On an error the old certificate stays
// in use.
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

// TLS reports whether the listener serves wss and https.
func (s *Server) TLS() bool { return s.certs != nil }

// Trusted reports whether the system roots of this machine verify the certificate for host.
func (s *Server) Trusted(host string) bool {
	_, err := s.certs.Leaf().Verify(x509.VerifyOptions{DNSName: host, Intermediates: s.certs.Intermediates()})
	return err == nil
}
