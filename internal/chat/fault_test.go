package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/centrifugal/centrifuge-go"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/protocol"
)

func TestCodesAreExplained(t *testing.T) {
	for _, c := range []struct {
		got  error
		want string
		hint bool
	}{
		{refusal(&centrifuge.Error{Code: 103, Message: "permission denied"}), "permission denied (103)", true},
		{refusal(&centrifuge.Error{Code: 107, Message: "too\x1blong"}), "the server refused the request as malformed (107 too\ufffdlong)", true},
		{refusal(&centrifuge.Error{Code: 107, Message: "bad request"}), "the server refused the request as malformed (107)", true},
		{refusal(&centrifuge.Error{Code: 107, Message: protocol.ErrNUL.Message}), "the text contains a NUL character (U+0000), which servers refuse (107)", true},
		{refusal(&centrifuge.Error{Code: 107, Message: "bad request: a rule\x1b"}), "the server refused the request: a rule\ufffd (107)", true},
		{disconnectError(107, protocol.ErrLongChannel.Message), "the room's name is longer than this server takes (107)", true},
		{refusal(&centrifuge.Error{Code: 4242, Message: "house rules"}), "the server answered with error 4242 (house rules)", false},
		{refusal(fmt.Errorf("x: %w", centrifuge.ErrTimeout)), "the server did not answer in time", true},
		{refusal(centrifuge.ErrClientDisconnected), "the connection was lost", false},
		{disconnectError(3504, "connection limit"), "the server is full: it allows no more connections (3504)", true},
		{disconnectError(101, "unauthorized"), "the server accepts no anonymous users (101)", true},
		{disconnectError(3, ""), "the server closed the connection: a message was too long for it (3)", true},
		{disconnectError(4501, "banned"), "the server closed the connection with code 4501 (banned)", false},
	} {
		var h *clierr.Error
		if c.got.Error() != c.want || (errors.As(c.got, &h) && h.Hint != "") != c.hint {
			t.Errorf("%q (%+v), want %q", c.got, h, c.want)
		}
	}
	for code, want := range map[uint32]string{3001: " (the server is shutting down)", 1: "", 3333: " (3333 why)"} {
		if got := lostReason(code, "why"); got != want {
			t.Errorf("lostReason(%d): %q, want %q", code, got, want)
		}
	}
}

func TestTLSErrorsAreExplained(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	srv.StartTLS()
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "https://")
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{URL: "wss://" + host}, "is not signed by an authority that this machine trusts"},
		{Options{URL: "wss://" + host, Insecure: true}, "has no chat at " + defaultPath + " (404)"},
		{Options{URL: "ws://" + host}, "wants TLS"},
	} {
		k := start(t, newFake(t), c.o)
		err := k.end()
		var h *clierr.Error
		if !errors.As(err, &h) || !strings.Contains(err.Error(), c.want) || h.Hint == "" {
			t.Errorf("%s: %v, want %q", c.o.URL, err, c.want)
		}
	}
}

func TestInsecureAcceptsAnyCertificate(t *testing.T) {
	f := startFake(t, httptest.NewTLSServer)
	k := start(t, f, Options{URL: f.srv.URL, Insecure: true})
	k.type_("over TLS")
	k.leave()
	if got := f.texts("lobby"); len(got) != 1 {
		t.Errorf("published %q", got)
	}
}

func TestCertificateErrorsAreExplained(t *testing.T) {
	d := &dialer{url: &url.URL{Scheme: "wss", Host: "host:1", Path: "/ws"}}
	for text, want := range map[string]string{
		"error dial: tls: failed to verify certificate: x509: certificate has expired or is not yet valid": "has expired",
		"error dial: x509: certificate is valid for a.example, not host":                                   "made for another name",
		"error dial: tls: something else":                                                                  "no TLS connection to host:1: tls: something else",
		"error dial: EOF":                                                                                  "closed the connection without an answer",
		"error dial: i/o timeout":                                                                          "did not answer",
		"error dial: odd\x1b":                                                                              "cannot connect to host:1: odd\ufffd",
	} {
		if err := d.explain(context.Background(), centrifuge.TransportError{Err: errors.New(text)}); !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestHTTPStatusIsExplained(t *testing.T) {
	for status, want := range map[int]string{
		403: "does not let you connect (403)", 429: "accepts no more connections at the moment (429)", 503: "accepts no more connections at the moment (503)",
		301: "redirects to http://other/", 200: "answered with HTTP status 200",
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://other/")
			w.WriteHeader(status)
		}))
		k := start(t, newFake(t), Options{URL: srv.URL})
		if err := k.end(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("status %d: %v, want %q", status, err, want)
		}
		srv.Close()
	}
}

// A server that accepts the connection and sends nothing.
func TestServerWithoutAnswerTimesOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	k := start(t, newFake(t), Options{URL: l.Addr().String(), timeout: 200e6})
	if err := k.end(); err == nil || !strings.Contains(err.Error(), "did not answer") {
		t.Error(err)
	}
}

// Every rule with an explanation is one that a throng server names.
func TestExplainedRulesAreThoseOfThrong(t *testing.T) {
	said := map[string]bool{}
	for _, e := range protocol.BadRequests() {
		said[e.Message] = true
	}
	for rule := range brokenRules {
		if !said[brokenRule+rule] {
			t.Errorf("no server says %q", brokenRule+rule)
		}
	}
}
