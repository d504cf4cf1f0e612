package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/throngd/throng/internal/certs/certtest"
	"github.com/throngd/throng/internal/config"
)

// startTLS runs a server with this certificate and can reload it.
func startTLS(t *testing.T, cert, key string) (s *Server, cfg *config.Loaded) {
	t.Helper()
	cfg = configured(t, map[string]any{"dev": true, "drain": time.Duration(0), "tls_cert": cert, "tls_key": key})
	s = built(t, cfg, slog.DiscardHandler)
	serve(t, s)
	return s, cfg
}

// wss is a client that records the name in the server's certificate.
type wss struct {
	*websocket.Conn
	name string
}

func dialTLS(t *testing.T, addr string, cache tls.ClientSessionCache) *wss {
	t.Helper()
	c := &wss{}
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, ServerName: "a.example", ClientSessionCache: cache,
		VerifyConnection: func(s tls.ConnectionState) error { c.name = s.PeerCertificates[0].DNSNames[0]; return nil },
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var err error
	if c.Conn, _, err = websocket.Dial(ctx, "wss://"+addr+"/ws", &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

// talk sends a command and waits for its reply.
func (c *wss) talk(t *testing.T, command, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageText, []byte(command)); err != nil {
		t.Fatal(err)
	}
	for {
		_, b, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(want)) {
			return
		}
	}
}

// renew reads the certificate again and uses it.
func renew(s *Server, cfg *config.Loaded) error {
	pair, err := s.ReadCertificate(&cfg.Config)
	if err != nil {
		return err
	}
	return s.TakeCertificate(pair)
}

// TestCertificateReload: open connections are not affected by a change of the
// certificate, new ones get the newest usable certificate.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := certtest.New(t, "a.example").WriteTo(t, dir)
	s, cfg := startTLS(t, cert, key)
	addr := s.Addr().String()
	cache := tls.NewLRUClientSessionCache(4)

	var old []*wss
	for range 10 {
		c := dialTLS(t, addr, nil)
		c.talk(t, `{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"channel":"r"}}`, `"id":2,"subscribe"`)
		old = append(old, c)
	}
	resumed := dialTLS(t, addr, cache)
	resumed.talk(t, `{"id":1,"connect":{}}`, `"id":1,"connect"`)

	stop := make(chan struct{})
	var busy sync.WaitGroup
	busy.Go(func() { // traffic that must not notice
		for {
			select {
			case <-stop:
				return
			default:
				old[0].talk(t, `{"id":3,"publish":{"channel":"r","data":"x"}}`, `"id":3,"publish"`)
			}
		}
	})
	for i, name := range []string{"b.example", "c.example", "d.example"} {
		certtest.New(t, name).WriteTo(t, dir)
		if err := renew(s, cfg); err != nil {
			t.Fatal(err)
		}
		if got := dialTLS(t, addr, nil).name; got != name {
			t.Errorf("change %d: the certificate is that of %s, want %s", i, got, name)
		}
	}
	certtest.Write(t, key, []byte("rubbish"))
	if err := renew(s, cfg); err == nil {
		t.Error("a broken key was taken")
	}
	if got := dialTLS(t, addr, nil).name; got != "d.example" {
		t.Errorf("after a broken file: %s", got)
	}
	dialTLS(t, addr, cache).talk(t, `{"id":1,"connect":{}}`, `"id":1,"connect"`) // a session of the first certificate
	close(stop)
	busy.Wait()
	for _, c := range old {
		c.talk(t, `{"id":9,"publish":{"channel":"r","data":"still here"}}`, `"id":9,"publish"`)
	}
}

// TestChangedCertificateFilesAreNoticed: changed files are loaded without a SIGHUP.
func TestChangedCertificateFilesAreNoticed(t *testing.T) {
	dir := t.TempDir()
	cert, key := certtest.New(t, "a.example").WriteTo(t, dir)
	s, _ := startTLS(t, cert, key)
	addr := s.Addr().String()
	c := dialTLS(t, addr, nil)
	certtest.New(t, "b.example").WriteTo(t, dir)
	for deadline := time.Now().Add(30 * time.Second); dialTLS(t, addr, nil).name != "b.example"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the changed files are not used")
		}
	}
	c.talk(t, `{"id":1,"connect":{}}`, `"id":1,"connect"`)
}

// TestReloadChangesOriginsAndPermissions: new origins apply to new connections, and new permissions to the next command of
// open ones.
func TestReloadChangesOriginsAndPermissions(t *testing.T) {
	load := func(origin string, publish bool) *config.Loaded {
		return configured(t, map[string]any{
			"drain": time.Duration(0), "allowed_origins": []string{origin}, "loops": 1,
			"client":  config.Client{AllowAnonymous: true},
			"channel": config.Channel{MaxLength: 255, WithoutNamespace: config.Options{AllowPublishForClient: publish, AllowPublishForAnonymous: publish}},
		})
	}
	before := load("https://a.example:443", false)
	s := built(t, before, slog.DiscardHandler)
	serve(t, s)

	url := "ws://" + s.Addr().String() + "/ws"
	status := func(origin string) int { _, code := dial(t, url, origin); return code }
	plain, _ := dial(t, url, "https://a.example")
	c := &wss{Conn: plain}
	c.talk(t, `{"id":1,"connect":{}}`+"\n"+`{"id":2,"publish":{"channel":"r","data":1}}`, `"id":2,"error":{"code":103`)
	if a, b := status("https://a.example:443"), status("https://b.example"); a != 101 || b != 403 {
		t.Errorf("before: %d and %d", a, b)
	}
	merged, _, _ := before.With(load("https://b.example", true))
	if err := s.Reload(&merged.Config); err != nil {
		t.Fatal(err)
	}
	if a, b := status("https://a.example"), status("https://b.example"); a != 403 || b != 101 {
		t.Errorf("after: %d and %d", a, b)
	}
	c.talk(t, `{"id":3,"publish":{"channel":"r","data":1}}`, `"id":3,"publish"`)
}

// TestReloadChangesLimitsPerAddress: new limits apply to new connections.
func TestReloadChangesLimitsPerAddress(t *testing.T) {
	cfg := configured(t, map[string]any{"dev": true, "drain": time.Duration(0), "connections_per_ip": 1})
	s := built(t, cfg, slog.DiscardHandler)
	serve(t, s)
	url := "ws://" + s.Addr().String() + "/ws"
	if _, code := dial(t, url, ""); code != 101 {
		t.Fatal(code)
	}
	cfg.ConnectionsPerIP = 2
	if err := s.Reload(&cfg.Config); err != nil {
		t.Fatal(err)
	}
	if _, code := dial(t, url, ""); code != 101 {
		t.Errorf("the second of two: %d", code)
	}
	if c, _, err := websocket.Dial(t.Context(), url, nil); err == nil { // 429, which a reset may overtake
		_ = c.CloseNow()
		t.Error("the third of two came in")
	}
}
