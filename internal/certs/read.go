package certs

import (
	"errors"
	"io/fs"
	"os"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/files"
)

// maxFile is the most bytes that are read of a file: a chain of ten certificates
// has 20 KiB.
const maxFile = 1 << 20

// readFile reads a file. The parameter what is "certificate" or "private key", for the error.
func readFile(what, path string) ([]byte, error) {
	b, err := files.ReadRegular(path, maxFile)
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
	return nil, clierr.Usagef(hint, "cannot read the %s %s: %v", what, path, err)
}
