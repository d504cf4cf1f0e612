package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/throngd/throng/internal/certs/certtest"
	"github.com/throngd/throng/internal/clierr"
)

func TestUnusableFilesAreExplained(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, b []byte) string { return certtest.Write(t, filepath.Join(dir, name), b) }
	a, b := certtest.New(t, "a.example"), certtest.New(t, "b.example")
	cert, key := file("a.crt", a.Cert), file("a.key", a.Key)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, cert, key, want, hint string }{
		{"fine", cert, key, "", ""},
		{"both in one", file("both", append(bytes.Clone(a.Cert), a.Key...)), filepath.Join(dir, "both"), "", ""},
		{"no certificate file", filepath.Join(dir, "no"), key, "cannot read the certificate", "openssl req"},
		{"no key file", cert, filepath.Join(dir, "no"), "cannot read the private key", "openssl req"},
		{"a directory", dir, key, "not a regular file", "PEM"},
		{"a device without end", "/dev/zero", key, "not a regular file", "PEM"},
		{"a device as key", cert, "/dev/zero", "not a regular file", "PEM"},
		{"a pipe nobody writes to", pipe, key, "not a regular file", "PEM"},
		{"a mebibyte", file("full", append(bytes.Repeat([]byte("\n"), maxFile-len(a.Cert)), a.Cert...)), key, "", ""},
		{"too large", file("large", append(bytes.Repeat([]byte("\n"), maxFile-len(a.Cert)+1), a.Cert...)), key, "larger than 1 MiB", "PEM"},
		{"swapped", key, cert, "holds no certificate", "swapped"},
		{"key twice", key, key, "holds no certificate", "swapped"},
		{"certificate twice", cert, cert, "holds no private key", "swapped"},
		{"no PEM", file("der", []byte{0x30, 0x82}), key, "holds no certificate", "openssl x509 -inform der"},
		{"empty", file("empty", nil), key, "holds no certificate", "PEM"},
		{"another's key", cert, file("b.key", b.Key), "does not belong to the certificate", "intermediates"},
		{"passphrase", cert, file("enc", []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")), "has a passphrase", "openssl pkey"},
		{"rubbish in PEM", file("rubbish", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), key, "cannot be used", "openssl x509"},
	} {
		_, err := Open(c.cert, c.key)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(hint(err), c.hint) || clierr.ExitCode(err) != 2 {
			t.Errorf("%s: %v, hint %q", c.name, err, hint(err))
		}
	}
}

// TestUnusablePairDoesNotReplaceCurrent: a pair that cannot be used does not replace the current one.
func TestUnusablePairDoesNotReplaceCurrent(t *testing.T) {
	dir := t.TempDir()
	a, b := certtest.New(t, "a.example"), certtest.New(t, "b.example")
	cert, key := certtest.Write(t, filepath.Join(dir, "crt"), a.Cert), certtest.Write(t, filepath.Join(dir, "key"), a.Key)
	s, err := Open(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(cert, filepath.Join(dir, "no")); err == nil {
		t.Error("a key that does not exist was read")
	}
	got, err := s.Config().GetCertificate(nil)
	if err != nil || got.Leaf.DNSNames[0] != "a.example" || s.Leaf() != got.Leaf {
		t.Errorf("after an error: %v, %v", got, err)
	}
	pair, err := Read(certtest.Write(t, filepath.Join(dir, "b.crt"), b.Cert), certtest.Write(t, filepath.Join(dir, "b.key"), b.Key))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Take(pair); err != nil {
		t.Fatal(err)
	}
	if name := s.Leaf().DNSNames[0]; name != "b.example" {
		t.Errorf("the certificate is that of %s", name)
	}
}

// lines is a log whose text a test can search.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// TestChangedFilesAreLoadedOnce: files are loaded when two checks have seen the same state, each
// state is tried once, and a replaced symbolic link is a change.
func TestChangedFilesAreLoadedOnce(t *testing.T) {
	dir, out := t.TempDir(), &lines{}
	log := slog.New(slog.NewTextHandler(out, nil))
	a, b, c := certtest.New(t, "a.example"), certtest.New(t, "b.example"), certtest.New(t, "c.example")
	for name, p := range map[string]certtest.Pair{"a": a, "c": c} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		certtest.Write(t, filepath.Join(dir, name, "crt"), p.Cert)
		certtest.Write(t, filepath.Join(dir, name, "key"), p.Key)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("a", link); err != nil {
		t.Fatal(err)
	}
	cert, key := filepath.Join(link, "crt"), filepath.Join(link, "key")
	s, err := Open(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	look := func(want string) {
		t.Helper()
		for range 3 {
			s.look(log)
		}
		if got := s.Leaf().DNSNames[0]; got != want {
			t.Fatalf("the certificate is that of %s, want %s; log: %s", got, want, &out.b)
		}
	}
	look("a.example")

	certtest.Write(t, cert, b.Cert) // the key is still that of a
	s.look(log)
	if out.count("level=ERROR") != 0 {
		t.Error("files were tried before they settled")
	}
	look("a.example")
	if out.count("does not belong") != 1 {
		t.Errorf("a broken pair is not told once: %s", &out.b)
	}
	certtest.Write(t, key, b.Key)
	look("b.example")

	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	look("b.example")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("c", link); err != nil {
		t.Fatal(err)
	}
	look("c.example")
}

func TestWatchReplacesCertificate(t *testing.T) {
	dir, out := t.TempDir(), &lines{}
	a, b := certtest.New(t, "a.example"), certtest.New(t, "b.example")
	cert, key := certtest.Write(t, filepath.Join(dir, "crt"), a.Cert), certtest.Write(t, filepath.Join(dir, "key"), a.Key)
	s, err := Open(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.watch(ctx, slog.New(slog.NewTextHandler(out, nil)), 5*time.Millisecond)
	}()
	certtest.Write(t, cert, b.Cert)
	certtest.Write(t, key, b.Key)
	for deadline := time.Now().Add(10 * time.Second); s.Leaf().DNSNames[0] != "b.example"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not used")
		}
	}
	cancel()
	<-done
	if out.count("expires soon") != 1 {
		t.Error("a certificate that expires tomorrow is not told once")
	}
}

// TestStampSeesReplacedSymlink: a symbolic link that is replaced is a change, even if the new file has the same size and time.
func TestStampSeesReplacedSymlink(t *testing.T) {
	dir := t.TempDir()
	at := time.Now()
	for _, name := range []string{"a", "b"} {
		if err := os.Chtimes(certtest.Write(t, filepath.Join(dir, name), []byte("same size")), at, at); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	var stamps []stamp
	for _, target := range []string{"a", "b"} {
		_ = os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		stamps = append(stamps, stampOf(link, link))
	}
	if stamps[0].equal(stamps[1]) || !stamps[1].equal(stampOf(link, link)) {
		t.Error("stamps do not tell files from one another")
	}
}

// TestInvalidPeriodNeverReplacesValid: a certificate outside its validity period is used, with an error in
// the log, if there is no valid one, and never replaces a valid one.
func TestInvalidPeriodNeverReplacesValid(t *testing.T) {
	dir, out := t.TempDir(), &lines{}
	log := slog.New(slog.NewTextHandler(out, nil))
	read := func(name string, p certtest.Pair) *Pair {
		t.Helper()
		pair, err := Read(certtest.Write(t, filepath.Join(dir, name+".crt"), p.Cert), certtest.Write(t, filepath.Join(dir, name+".key"), p.Key))
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	old, young := read("old", certtest.NewAt(t, "old", -48*time.Hour, -time.Hour)), read("young", certtest.NewAt(t, "young", time.Hour, 48*time.Hour))
	fine := read("fine", certtest.New(t, "fine"))
	for _, c := range []struct {
		pair       *Pair
		want, hint string
	}{{old, "expired on", "renew"}, {young, "is not valid before", "clock"}, {fine, "", ""}} {
		switch err := c.pair.Problem(time.Now()); {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(hint(err), c.hint)):
			t.Errorf("%v, hint %q, want %q", err, hint(err), c.want)
		}
	}
	s := &Store{}
	uses := func(want string, p *Pair, taken bool) {
		t.Helper()
		if err := s.Take(p); (err == nil) != taken {
			t.Error(err)
		}
		if got := s.Leaf().DNSNames[0]; got != want {
			t.Errorf("the certificate is that of %s, want %s", got, want)
		}
	}
	uses("old", old, true)
	s.Log(log)
	if out.count("clients refuse the certificate") != 1 || out.count("expired on") != 1 {
		t.Errorf("the log does not say that it has expired: %s", &out.b)
	}
	uses("young", young, true)
	uses("fine", fine, true)
	uses("fine", old, false)
	uses("fine", young, false)

	soon := certtest.NewAt(t, "soon", 2*time.Second, time.Hour) // x509 has whole seconds
	early := read("soon", soon)
	if early.validAt(time.Now()) {
		t.Skip("this machine is too slow")
	}
	uses("fine", early, false)
	for end := time.Now().Add(20 * time.Second); s.Leaf().DNSNames[0] != "soon"; time.Sleep(20 * time.Millisecond) {
		if s.look(log); time.Now().After(end) {
			t.Fatal("a certificate is not used when its time has come")
		}
	}
}

// TestCertificateWithoutNamesIsAProblem: a certificate without subject alternative names is a problem, because clients
// ignore the common name.
func TestCertificateWithoutNamesIsAProblem(t *testing.T) {
	pair := &Pair{cert: &tls.Certificate{Leaf: &x509.Certificate{NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}}, certFile: "a.crt"}
	if err := pair.Problem(time.Now()); err == nil || !strings.Contains(err.Error(), "names no host") {
		t.Error(err)
	}
}
