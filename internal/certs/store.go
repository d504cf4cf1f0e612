package certs

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Store holds the certificate in use. Its methods may be called by any goroutine.
type Store struct {
	current atomic.Pointer[tls.Certificate]

	mu        sync.Mutex // of the files; no handshake takes it
	cert, key string
	loaded    stamp // of the files when they were last tried
	seen      stamp // at the last look
}

// Open loads the first certificate.
func Open(certFile, keyFile string) (*Store, error) {
	s := &Store{}
	return s, s.Use(certFile, keyFile)
}

// Use loads the certificate of these files, which may be the same as before.
// On an error the old one stays, and so do the files that are watched.
func (s *Store) Use(certFile, keyFile string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := stampOf(certFile, keyFile)
	pair, err := load(certFile, keyFile, time.Now())
	if err != nil {
		return err
	}
	s.cert, s.key, s.loaded, s.seen = certFile, keyFile, at, at
	s.current.Store(pair)
	return nil
}

// Config makes the configuration of a server: TLS 1.2 or later, and the
// certificate that the store has at the moment of each handshake.
func (s *Store) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current.Load(), nil },
	}
}

// Leaf is the server's own certificate.
func (s *Store) Leaf() *x509.Certificate { return s.current.Load().Leaf }

// Intermediates are the certificates behind it in the file.
func (s *Store) Intermediates() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, der := range s.current.Load().Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			pool.AddCert(c)
		}
	}
	return pool
}

// stamp tells whether files have changed: zero for those that are not there.
type stamp [2]struct {
	file os.FileInfo
	err  bool
}

func stampOf(files ...string) (s stamp) {
	for i, name := range files {
		info, err := os.Stat(name) // follows symbolic links, so that a swapped one is another file
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
