//go:build !windows

package netpoll

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"runtime"
	"testing"
	"time"
)

// longCertificate has an extension of size bytes: with it the second flight of a client is as long.
func longCertificate(t *testing.T, size int) tls.Certificate {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: bytes.Repeat([]byte("x"), size)}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// gate is a client's socket whose second write waits until it is opened.
type gate struct {
	net.Conn
	writes int
	at     chan struct{}
	open   chan struct{}
}

func (g *gate) Write(p []byte) (int, error) {
	if g.writes++; g.writes == 2 {
		close(g.at)
		<-g.open
	}
	return g.Conn.Write(p)
}

// TestReadingPausesWhileCiphertextWaitsForAWorker: all workers are busy with other handshakes while a client sends more
// than may wait for one. The server stops reading it, and goes on where it stopped.
func TestReadingPausesWhileCiphertextWaitsForAWorker(t *testing.T) {
	busy, free := make(chan struct{}, 64), make(chan struct{})
	config := tlsConfig()
	config.ClientAuth = tls.RequireAnyClientCert
	config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if h.ServerName == "stuck" {
			busy <- struct{}{}
			<-free
		}
		return nil, nil
	}
	s := start(t, &Server{Loops: 1, TLS: config, TLSHandshakeTimeout: time.Minute, Endpoints: []Endpoint{echo()}})

	tcp, err := net.Dial("tcp", s.address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	_ = tcp.SetDeadline(time.Now().Add(3 * patience))
	socket := &gate{Conn: tcp, at: make(chan struct{}), open: make(chan struct{})}
	mine := clientTLS(0)
	mine.Certificates = []tls.Certificate{longCertificate(t, 200_000)}
	c := tls.Client(socket, mine)
	shaken := make(chan error, 1)
	go func() { shaken <- c.Handshake() }()
	<-socket.at

	for range runtime.GOMAXPROCS(0) {
		other, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		stuck := clientTLS(0)
		stuck.ServerName = "stuck"
		go func() { _ = tls.Client(other, stuck).Handshake() }()
		<-busy
	}
	close(socket.open)
	most, paused := 0, false
	eventually(t, "the server stops reading", func() bool {
		waiting, now := waitingCiphertext(s)
		most, paused = max(most, waiting), paused || now
		return paused || most > maxHandshakeInput+readBufSize
	})
	for range 20 { // it stays so
		waiting, _ := waitingCiphertext(s)
		most = max(most, waiting)
		time.Sleep(time.Millisecond)
	}
	if most > maxHandshakeInput+readBufSize || !paused {
		t.Errorf("%d bytes wait for a worker, reading paused: %v", most, paused)
	}
	close(free)
	if err := <-shaken; err != nil {
		t.Fatalf("the handshake does not go on: %v", err)
	}
	_, _ = c.Write([]byte(request))
	answer := make([]byte, 12)
	if _, err := c.Read(answer); err != nil || string(answer) != "HTTP/1.1 101" {
		t.Errorf("after the handshake: %q, %v", answer, err)
	}
}

// waitingCiphertext returns the most ciphertext that one handshake has waiting, and whether reading of a connection is
// paused.
func waitingCiphertext(s *Server) (most int, paused bool) {
	done := make(chan struct{})
	s.Loop(0).Do(func() {
		defer close(done)
		s.engine.slab.each(s.Loop(0), func(c *Conn) {
			if c.phase == phaseTLS {
				most, paused = max(most, len(c.tls.handshake.leftover())), paused || c.has(flagPaused)
			}
		})
	})
	<-done
	return most, paused
}
