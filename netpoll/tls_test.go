//go:build !windows

package netpoll

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/frame"
)

var testCertificate = sync.OnceValue(func() tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func tlsConfig() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{testCertificate()}} }

func clientTLS(version uint16) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version} // a self-signed test server
}

func dialTLS(t testing.TB, s *Server, cfg *tls.Config) *websocket.Conn {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: cfg}
	t.Cleanup(transport.CloseIdleConnections)
	c, _, err := websocket.Dial(testCtx(t), "wss://"+s.address.String(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(64 << 20)
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func TestTLSEcho(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			s := start(t, &Server{Loops: 2, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					c := dialTLS(t, s, clientTLS(version))
					for i := range 30 {
						text := strings.Repeat("x", i*i*100) + fmt.Sprint(i)
						say(t, c, text)
						hear(t, c, text)
					}
					_ = c.Close(websocket.StatusNormalClosure, "bye")
				})
			}
			all.Wait()
			eventually(t, "all connections gone", func() bool { return s.NumConns() == 0 })
			eventually(t, "no handshake in flight", func() bool { return s.engine.tlsHandshakes.inFlight.Load() == 0 })
		})
	}
}

// slicer sends its writes in pieces of 1 to 37 bytes.
type slicer struct {
	net.Conn
	size int
}

func (c *slicer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		c.size = c.size%37 + 1
		n, err := c.Conn.Write(rest[:min(c.size, len(rest))])
		if err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

func TestTLSInSmallPieces(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		transport := &http.Transport{DialTLSContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return nil, err
			}
			tc := tls.Client(&slicer{Conn: c}, clientTLS(version))
			return tc, tc.HandshakeContext(ctx)
		}}
		c, _, err := websocket.Dial(testCtx(t), "wss://"+s.address.String(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		c.SetReadLimit(1 << 20)
		for i := range 40 {
			text := strings.Repeat("y", i*500) + fmt.Sprint(i)
			say(t, c, text)
			hear(t, c, text)
		}
		_ = c.CloseNow()
	}
}

func TestTLSResumption(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), HTTP: http.NotFoundHandler(), Endpoints: []Endpoint{echo()}})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := clientTLS(version)
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		for i := range 2 {
			c, err := tls.Dial("tcp", s.address.String(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if b, _ := io.ReadAll(c); !bytes.HasPrefix(b, []byte("HTTP/1.1 404")) { // reads the session ticket as well
				t.Errorf("%.40q", b)
			}
			if got := c.ConnectionState().DidResume; got != (i == 1) {
				t.Errorf("%s, connection %d: resumed %v", tls.VersionName(version), i, got)
			}
			_ = c.Close()
		}
	}
}

func TestHTTPS(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append(b, b...))
	})
	s := start(t, &Server{Loops: 2, TLS: tlsConfig(), HTTP: h, Endpoints: []Endpoint{echo()}})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientTLS(0), ForceAttemptHTTP2: true}}
	body := strings.Repeat("hello", 50_000)
	for range 10 {
		r, err := client.Post("https://"+s.address.String()+"/", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if string(got) != body+body || r.ProtoMajor != 1 {
			t.Fatalf("%d bytes over %s", len(got), r.Proto)
		}
	}
	client.CloseIdleConnections()
}

func TestHTTPOnTheTLSPortIsAnswered(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{echo()}})
	for first, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n": "HTTP/1.1 400 ",
		"\x00\x00\x00":                      "",
	} {
		c, err := net.Dial("tcp", s.address.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(c, first)
		got, _ := io.ReadAll(c)
		if !strings.HasPrefix(string(got), want) || want == "" && len(got) > 0 {
			t.Errorf("%q is answered with %.60q", first, got)
		}
		_ = c.Close()
	}
	// A record that is no ClientHello: an alert, then the end.
	c, _ := net.Dial("tcp", s.address.String())
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = c.Write([]byte("\x16\x03\x01\x00\x05hello"))
	if got, _ := io.ReadAll(c); len(got) == 0 || got[0] != 21 {
		t.Errorf("garbage in a handshake is answered with %x", got)
	}
	_ = c.Close()
	eventually(t, "all are gone", func() bool { return s.NumConns() == 0 && s.engine.tlsHandshakes.inFlight.Load() == 0 })
}

func TestTLSHandshakeTimeoutAndLimit(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), MaxTLSHandshakes: 2, TLSHandshakeTimeout: 300 * time.Millisecond, Endpoints: []Endpoint{echo()}})
	conns := silent(t, s, 2, string(clientHello()))
	eventually(t, "both handshakes are in flight", func() bool {
		return s.engine.tlsHandshakes.inFlight.Load() == 2 || s.Stats().Limits.TLSHandshakeTimeout > 0
	})
	if c, err := tls.Dial("tcp", s.address.String(), clientTLS(0)); err == nil {
		_ = c.Close()
		if s.Stats().Limits.TLSHandshakeTimeout == 0 {
			t.Error("a third handshake is let in")
		}
	}
	for _, c := range conns {
		_, _ = io.ReadAll(c)
	}
	eventually(t, "both are given up", func() bool { return s.NumConns() == 0 && s.engine.tlsHandshakes.inFlight.Load() == 0 })
	c := dialTLS(t, s, clientTLS(0))
	say(t, c, "x")
	hear(t, c, "x")
}

// TestHalfAClientHelloTimesOut: a part of a ClientHello takes no place of MaxTLSHandshakes.
func TestHalfAClientHelloTimesOut(t *testing.T) {
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), MaxTLSHandshakes: 1, HelloTimeout: time.Hour, Endpoints: []Endpoint{echo()}})
	hello := clientHello()
	silent(t, s, 20, "")
	silent(t, s, 20, string(hello[:len(hello)-1]))
	last := silent(t, s, 1, string(hello[:len(hello)-1]))[0]
	eventually(t, "all are there", func() bool { return s.NumConns() == 41 })
	say(t, dialTLS(t, s, clientTLS(0)), "x")
	if n := s.Stats().TLS.Count(); n != 1 {
		t.Errorf("%d handshakes", n)
	}
	_, _ = last.Write(hello[len(hello)-1:])
	_ = last.SetDeadline(time.Now().Add(patience))
	if first, err := io.ReadAll(io.LimitReader(last, 1)); err != nil || first[0] != recordHandshake {
		t.Errorf("the last byte of a ClientHello is answered with %x, %v", first, err)
	}
}

// TestTLSPeerThatDoesNotRead has more for a TLS peer than the kernel takes, then lets it read.
func TestTLSPeerThatDoesNotRead(t *testing.T) {
	const n, size = 300, 20_000
	s := start(t, &Server{Loops: 1, TLS: tlsConfig(), Endpoints: []Endpoint{{
		MaxBacklog: 1 << 30,
		OnOpen:     func(c *Conn) { c.Subscribe("room"); c.Send(frame.OpText, []byte("hello")) },
	}}})
	c := dialTLS(t, s, clientTLS(0))
	hear(t, c, "hello")
	for i := range n {
		s.Publish("room", text(fmt.Sprint(i)+strings.Repeat(" ", size)))
	}
	for i := range n {
		hear(t, c, fmt.Sprint(i)+strings.Repeat(" ", size))
	}
}

// TestTrimmedSessionGoesOn checks that releasing crypto/tls's buffers works with this version of Go.
func TestTrimmedSessionGoesOn(t *testing.T) {
	if len(trimmable) != 2 {
		t.Fatal("crypto/tls has changed: idle TLS connections are not trimmed any more")
	}
	if trimOffsets("rawInput", "nothing") != nil || trimOffsets("vers") != nil {
		t.Error("an unexpected field does not switch trimming off")
	}
}
