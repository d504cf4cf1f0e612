package chat

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// dialer opens the TCP connections for the SDK and keeps the error of the last attempt, because the SDK reports errors
// as strings only.
type dialer struct {
	url      *url.URL
	tls      *tls.Config
	timeout  time.Duration
	limit    int64 // of a message
	tooLarge func()

	mu   sync.Mutex
	last error
	conn *conn // the latest
}

func newDialer(o Options) *dialer {
	d := &dialer{timeout: o.timeout, limit: int64(o.MaxMessage)}
	d.url, _ = url.Parse(o.URL)                                                       // target has parsed it
	d.tls = &tls.Config{ServerName: d.url.Hostname(), InsecureSkipVerify: o.Insecure} //nolint:gosec // --insecure asks for it
	return d
}

// plainURL is the address that the SDK dials: TLS is begun below it (see conn).
func (d *dialer) plainURL() string {
	u := *d.url
	if u.Scheme == "wss" && u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), "443")
	}
	u.Scheme = "ws"
	return u.String()
}

// proxy is the proxy for the real address.
func (d *dialer) proxy(r *http.Request) (*url.URL, error) {
	real := *d.url
	real.Scheme = "http" + strings.TrimPrefix(real.Scheme, "ws")
	return http.ProxyFromEnvironment(&http.Request{URL: &real})
}

// hangUp closes the latest connection, also while another goroutine writes to it.
func (d *dialer) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		_ = d.conn.Conn.Close()
	}
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: d.timeout}).DialContext(ctx, network, addr)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last = err; err != nil {
		return nil, err
	}
	secure := d.tls
	if d.url.Scheme != "wss" {
		secure = nil
	}
	d.conn = newConn(c, secure, d.limit, d.tooLarge)
	return d.conn, nil
}

// explain finds out why there is no WebSocket. It may send a plain HTTP request to the server, so it takes time.
func (d *dialer) explain(ctx context.Context, sdk error) error {
	d.mu.Lock()
	err := d.last
	d.mu.Unlock()
	u := d.url
	if err != nil {
		return unreachable(u.Host, err)
	}
	text := sdk.Error()
	switch {
	case strings.Contains(text, "tls: ") || strings.Contains(text, "x509: "):
		return untrusted(u, text)
	case strings.Contains(text, "bad handshake"):
		return d.ask(ctx, u)
	case strings.Contains(text, "timeout"):
		return clierr.Errorf("is this the address of a throng server?", "%s accepted the connection but did not answer", u.Host)
	case u.Scheme == "ws" && strings.Contains(text, "malformed HTTP"):
		return clierr.Errorf("if it speaks TLS, write wss:// instead of ws://", "%s does not speak HTTP", u.Host)
	case strings.Contains(text, "EOF"), strings.Contains(text, "reset by peer"):
		return clierr.Errorf("is this the address of a throng server?", "%s closed the connection without an answer", u.Host)
	}
	return clierr.Errorf("", "cannot connect to %s: %s", u.Host, terminal.Short(strings.TrimPrefix(text, "transport error: error dial: "), maxServerText))
}

// unreachable explains an error of the TCP connection.
func unreachable(host string, err error) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return clierr.Errorf("check the spelling of the URL, and the network", "there is no host %q", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return clierr.Errorf("start one there with `throng serve --dev`, or check host and port", "no server answers at %s: connection refused", host)
	case errors.As(err, &timeout) && timeout.Timeout():
		return clierr.Errorf("check host and port, and whether a firewall is in between", "no answer from %s", host)
	}
	return clierr.Errorf("check host and port, and the network", "cannot reach %s: %w", host, err)
}

// untrusted explains an error of TLS, which the SDK reports as text only.
func untrusted(u *url.URL, text string) error {
	switch {
	case strings.Contains(text, "does not look like a TLS handshake"):
		return clierr.Errorf("write ws:// instead of wss://", "%s does not speak TLS", u.Host)
	case strings.Contains(text, "unknown authority"):
		return clierr.Errorf("for a self-signed certificate of your own add --insecure", "the certificate of %s is not signed by an authority that this machine trusts", u.Host)
	case strings.Contains(text, "expired"):
		return clierr.Errorf("the server needs a new one; --insecure connects all the same", "the certificate of %s has expired, or this machine's clock is wrong", u.Host)
	case strings.Contains(text, "is valid for"), strings.Contains(text, "cannot validate certificate for"), strings.Contains(text, "is not valid for any names"):
		return clierr.Errorf("use the name the certificate was made for; --insecure connects all the same", "the certificate of %s was made for another name", u.Host)
	}
	i := max(strings.Index(text, "tls: "), strings.Index(text, "x509: "))
	return clierr.Errorf("--insecure accepts any certificate", "no TLS connection to %s: %s", u.Host, terminal.Short(text[i:], maxServerText))
}

// ask repeats the handshake with net/http to get the status code, which the SDK does not report.
func (d *dialer) ask(ctx context.Context, u *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	plain := *u
	plain.Scheme = "http" + strings.TrimPrefix(u.Scheme, "ws")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, plain.String(), nil)
	if err != nil {
		return err
	}
	for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhyb25nIGNoYXQgYXNrcw=="} {
		req.Header.Set(k, v)
	}
	tr := &http.Transport{TLSClientConfig: d.tls, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment, MaxResponseHeaderBytes: maxHeader}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return clierr.Errorf("is this the address of a throng server?", "%s is no WebSocket server", u.Host)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	return refused(u, resp, string(body))
}

// refused explains the HTTP status that came instead of 101.
func refused(u *url.URL, resp *http.Response, body string) error {
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound:
		return clierr.Errorf("the usual path is "+defaultPath, "%s has no chat at %s (404)", u.Host, terminal.Line(u.Path))
	case code == http.StatusForbidden:
		return clierr.Errorf("ask whoever runs it", "%s does not let you connect (403)", u.Host)
	case code == http.StatusServiceUnavailable, code == http.StatusTooManyRequests:
		return clierr.Errorf("try again later", "%s accepts no more connections at the moment (%d)", u.Host, code)
	case code == http.StatusBadRequest && (strings.Contains(body, "HTTPS") || strings.Contains(body, "TLS")):
		return clierr.Errorf("write wss:// instead of ws://", "%s wants TLS", u.Host)
	case code >= 300 && code < 400:
		return clierr.Errorf("use that address", "%s redirects to %s", u.Host, terminal.Short(resp.Header.Get("Location"), maxServerText))
	case code == http.StatusSwitchingProtocols:
		return clierr.Errorf("try again", "%s refused the connection, but would accept it now", u.Host)
	default:
		return clierr.Errorf("is this the address of a throng server? its path is usually "+defaultPath, "%s answered with HTTP status %d instead of a WebSocket", u.Host, code)
	}
}
