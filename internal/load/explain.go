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
)

var (
	errSilent    = errors.New("no answer")
	errNotSpoken = errors.New("the server said what is not the Centrifuge protocol")
)

// maxSaid is the most runes that are kept of a text of the server.
const maxSaid = 200

// said is what a server has said, for people: in a terminal, in a report, in the log of another process.
func said(text string) string { return terminal.Short(text, maxSaid) }

// closedError is a connection that the server ended.
type closedError struct {
	code   frame.CloseCode
	reason string // said
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

// refusal is the error of a reply to connect or subscribe.
type refusal struct {
	id, code  uint32
	message   string // said
	temporary bool
}

func (e *refusal) Error() string {
	what := map[uint32]string{connectID: "connect", subscribeID: "subscribe", historyID: "history"}[e.id]
	return fmt.Sprintf("the server answered %s with error %d (%s)", what, e.code, e.message)
}

const isThrong = "is this the address of a throng or Centrifugo server? the path of throng is /connection/websocket or /ws; other servers: --protocol rooms or echo"

// explain makes two lines for a person of what went wrong.
func (r *run) explain(err error) error {
	var dial *netpoll.DialError
	var status *netpoll.StatusError
	var gone *closedError
	var no *refusal
	host := r.o.target.Host
	switch {
	case errors.As(err, &status):
		return r.refusedWith(status)
	case errors.As(err, &no):
		return clierr.Errorf("throng serve --dev allows everything; otherwise the namespace must allow it to anonymous people", "%w", no)
	case errors.As(err, &gone):
		return clierr.Errorf(closeHint(gone.code), "%w", gone)
	case errors.Is(err, errSilent) && r.counts().opened > 0: // the address is right
		return clierr.Errorf("it is too slow for so many at once: a longer --timeout, or fewer --connections", "%s: %w", host, err)
	case errors.Is(err, errSilent), errors.Is(err, errNotSpoken):
		return clierr.Errorf(isThrong, "%s: %w", host, err)
	case errors.As(err, &dial):
		return explainDial(host, dial, r.o.target.Scheme == "wss")
	}
	return unreachable(host, err)
}

func closeHint(code frame.CloseCode) string {
	switch code {
	case 3500, 3501, 3507:
		return "the server must let anonymous people in, as throng serve --dev does"
	case 3008:
		return "this load tester reads too slowly for the server: fewer messages, or more --processes"
	case 3012:
		return "this load tester did not answer a ping in time: fewer connections on each process, or a longer --pong-timeout of the server"
	case frame.CloseTooBig:
		return "a message was too long, for the server (a smaller --size) or for this load tester (a larger --max-message)"
	case frame.CloseAbnormal:
		return "look at the server's log: did it die?"
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
		return clierr.Errorf(isThrong, "%s took the connection but did not answer in time (%s)", host, e.Phase)
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

// unreachable explains an error of the TCP connection or of the name.
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
		return clierr.Errorf("more addresses to connect from: --source 127.0.0.2-127.0.0.40", "this machine has no port left for another connection to %s, or --source is no address of it", host)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return clierr.Errorf("raise the limit of open files (ulimit -n), or give --processes", "no more open files")
	}
	return clierr.Errorf("check host and port, and the network", "cannot reach %s: %w", host, err)
}

// refusedWith explains an HTTP status that came instead of 101.
func (r *run) refusedWith(e *netpoll.StatusError) error {
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
		return clierr.Errorf("ask whoever runs it", "%s does not let anybody connect (%d)", host, e.Status)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return clierr.Errorf("its limits: --max-connections, --connections-per-ip, --accept-rate; `throng check` tells those of its machine",
			"%s takes no more connections (%d)", host, e.Status)
	case http.StatusBadRequest, http.StatusUpgradeRequired:
		return clierr.Errorf(isThrong+tlsHint(r.o.target.Scheme == "wss"), "%s refused the upgrade (%d)", host, e.Status)
	}
	if to := e.Header.Get("Location"); to != "" {
		return clierr.Errorf("use that address", "%s sends us to %q", host, said(to))
	}
	return clierr.Errorf(isThrong, "%s answered with HTTP status %d instead of a WebSocket", host, e.Status)
}
