// Package certtest makes self-signed certificates for tests.
package certtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Pair is a certificate and its key in PEM.
type Pair struct{ Cert, Key []byte }

// New makes a pair for name and the loopback addresses, valid for a day.
func New(t testing.TB, name string) Pair { return NewAt(t, name, -time.Hour, 24*time.Hour) }

// NewAt makes a pair with this validity period, relative to now.
func NewAt(t testing.TB, name string, from, to time.Duration) Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	now := time.Now()
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore: now.Add(from), NotAfter: now.Add(to),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	check(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	return Pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}
}

// WriteTo writes the pair to dir/tls.crt and dir/tls.key.
func (p Pair) WriteTo(t testing.TB, dir string) (cert, key string) {
	t.Helper()
	return Write(t, filepath.Join(dir, "tls.crt"), p.Cert), Write(t, filepath.Join(dir, "tls.key"), p.Key)
}

// Write writes a file. Its modification time differs from that of the file before,
// even if both are written within one tick of the file system's clock.
func Write(t testing.TB, path string, b []byte) string {
	t.Helper()
	before, _ := os.Stat(path)
	check(t, os.WriteFile(path, b, 0o600))
	if before != nil {
		later := before.ModTime().Add(time.Second)
		check(t, os.Chtimes(path, later, later))
	}
	return path
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
