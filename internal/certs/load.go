package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

// Pair is a certificate and its key, read from two files. It is immutable.
type Pair struct {
	cert              *tls.Certificate
	certFile, keyFile string
	at                stamp // of the files
}

// Read reads a certificate and its key from two files, which may be the same file. See [Pair.Problem] for reasons why clients
// may refuse it.
func Read(certFile, keyFile string) (*Pair, error) {
	at := stampOf(certFile, keyFile)
	cert, err := load(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &Pair{cert, certFile, keyFile, at}, nil
}

// load reads a certificate and its key.
func load(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := readFile("certificate", certFile)
	if err != nil {
		return nil, err
	}
	key, err := readFile("private key", keyFile)
	if err != nil {
		return nil, err
	}
	if !holds(cert, "CERTIFICATE") {
		return nil, clierr.Usagef(swapped(cert, "PRIVATE KEY"), "%s holds no certificate", certFile)
	}
	if !holds(key, "PRIVATE KEY") {
		return nil, clierr.Usagef(swapped(key, "CERTIFICATE"), "%s holds no private key", keyFile)
	}
	if encrypted(key) {
		return nil, clierr.Usagef("write it without one: openssl pkey -in "+keyFile+" -out server.key", "the private key %s has a passphrase", keyFile)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, pairError(err, certFile, keyFile)
	}
	return &pair, nil
}

// Problem returns why clients refuse a well-formed certificate: it is not valid now, or names no host. It returns nil if
// there is no such reason. A server uses the certificate all the same.
func (p *Pair) Problem(now time.Time) error {
	if err := checkTimes(p.cert.Leaf, p.certFile, now); err != nil {
		return err
	}
	if leaf := p.cert.Leaf; len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0 {
		return clierr.Usagef("clients compare the host of the URL with subjectAltName and ignore CN: openssl req -addext subjectAltName=DNS:HOST",
			"the certificate %s names no host", p.certFile)
	}
	return nil
}

// validAt reports whether a certificate is within its validity period.
func (p *Pair) validAt(now time.Time) bool { return checkTimes(p.cert.Leaf, p.certFile, now) == nil }

// holds reports whether there is a PEM block whose type ends so ("EC PRIVATE
// KEY" is a private key).
func holds(b []byte, kind string) bool {
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return false
		}
		if strings.HasSuffix(block.Type, kind) {
			return true
		}
	}
}

// swapped is the hint about a file without the expected PEM block.
func swapped(b []byte, other string) string {
	if holds(b, other) {
		return "it holds a " + strings.ToLower(other) + ": are tls_cert and tls_key swapped?"
	}
	return "it must be PEM, beginning with -----BEGIN; DER is converted by openssl x509 -inform der, or openssl pkey -inform der"
}

// encrypted keys are "ENCRYPTED PRIVATE KEY" (PKCS #8) or have a header that says so (RFC 1421).
func encrypted(key []byte) bool {
	return bytes.Contains(key, []byte("BEGIN ENCRYPTED PRIVATE KEY")) || bytes.Contains(key, []byte("Proc-Type: 4,ENCRYPTED"))
}

func pairError(err error, certFile, keyFile string) error {
	if text := err.Error(); strings.Contains(text, "does not match") || strings.Contains(text, "type does not") {
		return clierr.Usagef("the first certificate of the file must be the server's own, the intermediates come behind it; compare: openssl x509 -noout -pubkey -in "+certFile+", openssl pkey -pubout -in "+keyFile,
			"the private key %s does not belong to the certificate %s", keyFile, certFile)
	}
	return clierr.Usagef("see it with: openssl x509 -noout -text -in "+certFile, "the certificate %s cannot be used: %s",
		certFile, strings.TrimPrefix(err.Error(), "tls: "))
}

func checkTimes(leaf *x509.Certificate, file string, now time.Time) error {
	const day = "2 January 2006 15:04 MST"
	switch {
	case now.After(leaf.NotAfter):
		return clierr.Usagef("clients refuse it: renew it, or set this machine's clock", "the certificate %s expired on %s", file, leaf.NotAfter.UTC().Format(day))
	case now.Before(leaf.NotBefore):
		return clierr.Usagef("clients refuse it: set this machine's clock, or wait", "the certificate %s is not valid before %s", file, leaf.NotBefore.UTC().Format(day))
	}
	return nil
}
