package certs

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Store has the certificate in use. Any goroutine may call its methods.
type Store struct {
	current atomic.Pointer[Pair]

	mu     sync.Mutex // for the files; handshakes do not lock it
	loaded stamp      // of the files when they were last tried
	seen   stamp      // at the last check
	early  *Pair      // a pair that was not valid yet when it was loaded; nil: none
}

// Open loads the first certificate. It is used even if it is not valid now, see [Pair.Problem].
func Open(certFile, keyFile string) (*Store, error) {
	p, err := Read(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	s := &Store{}
	return s, s.Take(p)
}

// Take uses a pair for all later handshakes, and watches its files. A pair that is not valid now does not replace one that is:
// Take returns an error and keeps the old one.
func (s *Store) Take(p *Pair) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if old := s.current.Load(); old != nil && old.validAt(now) && !p.validAt(now) {
		s.early = p
		return p.Problem(now)
	}
	s.loaded, s.seen, s.early = p.at, p.at, nil
	s.current.Store(p)
	return nil
}

// Problem returns the [Pair.Problem] of the pair in use.
func (s *Store) Problem() error { return s.current.Load().Problem(time.Now()) }

// Config returns the configuration of a server: TLS 1.2 or later, with the certificate that is current at each handshake.
func (s *Store) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current.Load().cert, nil },
	}
}

// Leaf is the server's own certificate.
func (s *Store) Leaf() *x509.Certificate { return s.current.Load().cert.Leaf }

// Intermediates are the certificates behind it in the file.
func (s *Store) Intermediates() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range s.current.Load().cert.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			pool.AddCert(c)
		}
	}
	return pool
}

// stamp shows whether files have changed. It is zero for files that do not exist.
type stamp [2]struct {
	file os.FileInfo
	err  bool
}

func stampOf(files ...string) (s stamp) {
	for i, name := range files {
		info, err := os.Stat(name) // follows symbolic links, so that a replaced link is another file
		s[i].file, s[i].err = info, err != nil
	}
	return s
}

func (s stamp) equal(t stamp) bool {
	for i := range s {
		a, b := s[i].file, t[i].file
		if s[i].err != t[i].err {
			return false
		}
		if !s[i].err && (!os.SameFile(a, b) || !a.ModTime().Equal(b.ModTime()) || a.Size() != b.Size()) {
			return false
		}
	}
	return true
}
