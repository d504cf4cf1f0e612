package load

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
)

var (
	errNoAnswer    = errors.New("no answer")
	errNotProtocol = errors.New("what the server sent is not the Centrifuge protocol")
)

// maxPrintable is the most runes of a text from the server that are shown.
const maxPrintable = 200

// printable makes a text from the server safe for a terminal and short.
func printable(text string) string { return terminal.Short(text, maxPrintable) }

// closedError is the error of a connection that the server closed.
type closedError struct {
	code   frame.CloseCode
	reason string // printable
}

func (e *closedError) Error() string {
	if e.code == frame.CloseAbnormal {
		return "the connection broke without a closing handshake"
	}
	if e.reason == "" {
		return fmt.Sprintf("the server closed the connection with %d", e.code)
	}
	return fmt.Sprintf("the server closed the connection with %d (%s)", e.code, e.reason)
}

// refusal is an error in reply to connect, subscribe or history.
type refusal struct {
	id, code  uint32
	message   string // printable
	temporary bool
}

func (e *refusal) Error() string {
	what := map[uint32]string{connectID: "connect", subscribeID: "subscribe", historyID: "history"}[e.id]
	return fmt.Sprintf("the server answered %s with error %d (%s)", what, e.code, e.message)
}

const isThrong = "is this the address of a throng or Centrifugo server? the path of throng is /connection/websocket or /ws; other servers: --protocol rooms or echo"

// explain makes an error with a hint for the user.
func (r *run) explain(err error) error {
	var dial *netpoll.DialError
	var status *upgrade.StatusError
	var gone *closedError
	var no *refusal
	host := r.o.target.Host
	switch {
	case errors.As(err, &status):
		return r.refusedWith(status)
	case errors.As(err, &no):
		return clierr.Errorf("throng serve --dev allows everything; otherwise the namespace must allow it to anonymous users", "%w", no)
	case errors.As(err, &gone):
		return clierr.Errorf(closeHint(gone.code), "%w", gone)
	case errors.Is(err, errNoAnswer) && r.counts().opened > 0: // the address is right
		return clierr.Errorf("the server is too slow for so many connections at once: a longer --timeout, or fewer --connections", "%s: %w", host, err)
	case errors.Is(err, errNoAnswer), errors.Is(err, errNotProtocol):
		return clierr.Errorf(isThrong, "%s: %w", host, err)
	case errors.As(err, &dial):
		return explainDial(host, dial, r.o.target.Scheme == "wss")
	}
	return unreachable(host, err)
}

func closeHint(code frame.CloseCode) string {
	switch code {
	case 3500, 3501, 3507:
		return "the server must accept anonymous users, as throng serve --dev does"
	case 3008:
		return "this load tester reads too slowly for the server: send fewer messages, or use more --processes"
	case 3012:
		return "this load tester did not answer a ping in time: fewer connections on each process, or a longer --pong-timeout of the server"
	case frame.CloseTooBig:
		return "a message was too long, for the server (a smaller --size) or for this load tester (a larger --max-message)"
	case frame.CloseAbnormal:
		return "the server's log may say whether it has crashed"
	}
	return ""
}

func explainDial(host string, e *netpoll.DialError, secure bool) error {
	var header tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var cert *tls.CertificateVerificationError
	switch {
	case e.Phase == netpoll.DialTLS && errors.As(e.Err, &header):
		return clierr.Errorf("write ws:// instead of wss://", "%s does not speak TLS", host)
	case errors.As(e.Err, &unknown), errors.As(e.Err, &cert):
		return clierr.Errorf("for a self-signed certificate add --insecure", "the certificate of %s is not trusted: %w", host, e.Err)
	case e.Phase == netpoll.DialConnect:
		return unreachable(host, e.Err)
	case e.Phase == netpoll.DialTLS && errors.Is(e.Err, io.ErrUnexpectedEOF):
		return clierr.Errorf("if it does not speak TLS, write ws://", "%s closed the connection instead of a TLS handshake", host)
	case errors.Is(e.Err, os.ErrDeadlineExceeded):
		return clierr.Errorf(isThrong, "%s accepted the connection but did not answer in time (%s)", host, e.Phase)
	case errors.Is(e.Err, io.ErrUnexpectedEOF), errors.Is(e.Err, syscall.ECONNRESET), errors.Is(e.Err, syscall.EPIPE):
		return clierr.Errorf(isThrong+tlsHint(secure), "%s closed the connection without an answer (%s)", host, e.Phase)
	case errors.Is(e.Err, ws.ErrMalformedResponse), errors.Is(e.Err, ws.ErrHandshakeBadProtocol):
		return clierr.Errorf(isThrong+tlsHint(secure), "%s does not speak HTTP", host)
	}
	return clierr.Errorf("", "no connection to %s (%s): %w", host, e.Phase, e.Err)
}

func tlsHint(secure bool) string {
	if secure {
		return ""
	}
	return "; if it speaks TLS, write wss://"
}

// unreachable explains an error of the TCP connection or of the host name.
func unreachable(host string, err error) error {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return clierr.Errorf("check the spelling of the URL, and the network", "there is no host %q", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return clierr.Errorf("start one there with `throng serve --dev`, or check host and port", "no server answers at %s: connection refused", host)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return clierr.Errorf("check host and port, and whether a firewall is in between", "no answer from %s", host)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return clierr.Errorf("connect from more addresses: --source 127.0.0.2-127.0.0.40", "this machine has no free port for another connection to %s, or --source is none of its addresses", host)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return clierr.Errorf("raise the limit of open files (ulimit -n), or use --processes", "no more open files")
	}
	return clierr.Errorf("check host and port, and the network", "cannot reach %s: %w", host, err)
}

// refusedWith explains an HTTP status that came instead of 101.
func (r *run) refusedWith(e *upgrade.StatusError) error {
	host, path := r.o.target.Host, r.o.target.Path
	switch e.Status {
	case http.StatusNotFound:
		hint := "the paths of throng are /connection/websocket and /ws"
		if r.o.Protocol == Echo {
			hint = "throng has its echo at /echo, with --echo; other servers usually at another path"
		}
		if r.o.Protocol == Rooms {
			hint = "write the path into the URL; ?room=NAME is added to it"
		}
		return clierr.Errorf(hint, "%s has no WebSocket at %s (404)", host, path)
	case http.StatusForbidden, http.StatusUnauthorized:
		return clierr.Errorf("ask its administrator", "%s refuses all connections (%d)", host, e.Status)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return clierr.Errorf("its limits: --max-connections, --connections-per-ip, --accept-rate; `throng check` shows those of its machine",
			"%s accepts no more connections (%d)", host, e.Status)
	case http.StatusBadRequest, http.StatusUpgradeRequired:
		return clierr.Errorf(isThrong+tlsHint(r.o.target.Scheme == "wss"), "%s refused the upgrade (%d)", host, e.Status)
	}
	if to := e.Header.Get("Location"); to != "" {
		return clierr.Errorf("use that address", "%s redirects to %q", host, printable(to))
	}
	return clierr.Errorf(isThrong, "%s answered with HTTP status %d instead of a WebSocket", host, e.Status)
}
