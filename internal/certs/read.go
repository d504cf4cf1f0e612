package certs

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/throngd/throng/internal/human"
)

// maxFile is the most bytes that are read of a file: a chain of ten certificates
// has 20 KiB.
const maxFile = 1 << 20

var (
	errNotRegular = errors.New("it is not a regular file")
	errTooLarge   = errors.New("it is larger than 1 MiB")
)

// readFile reads a file, and says what is wrong if it cannot be read; what is
// "certificate" or "private key".
func readFile(what, path string) ([]byte, error) {
	b, err := readBounded(path)
	if err == nil {
		return b, nil
	}
	hint := "--tls-cert and --tls-key name PEM files; for a trial: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 30 -keyout key.pem -out cert.pem"
	if errors.Is(err, fs.ErrPermission) {
		hint = "the user that throng runs as must be able to read it; under systemd use LoadCredential="
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return nil, human.Usagef(hint, "cannot read the %s %s: %v", what, path, err)
}

// readBounded reads a regular file of at most maxFile bytes. It looks before it
// opens, for opening a pipe waits for somebody who writes.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = errTooLarge
	}
	return b, err
}
