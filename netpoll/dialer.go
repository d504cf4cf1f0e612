//go:build !windows

package netpoll

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/throngd/throng/netpoll/upgrade"
)

// Dialer describes where and how a connection is opened. It may serve any number of dials: an open connection keeps
// nothing of it. It must not be changed while dials with it wait or are in flight.
type Dialer struct {
	// Addr is the server's address. [NewDialer] looks a name up.
	Addr netip.AddrPort
	// Fallback are further addresses of the same server. Each is tried when the TCP connect to the one before it has
	// failed, with a ConnectTimeout of its own. Those of another family than Local are left out.
	Fallback []netip.AddrPort
	// Local is the address to dial from. The zero value leaves it to the kernel. Port 0 leaves the port to the kernel;
	// on Linux it is chosen for the destination, so that each pair of source and destination address has the whole
	// range of ports (IP_BIND_ADDRESS_NO_PORT).
	Local netip.AddrPort
	// Host is the Host header. Empty means Addr.
	Host string
	// Path is the target of the request: path and query. Empty means "/".
	Path string
	// Header are further headers of the request. Those of the opening handshake are refused, and
	// so are names that are no tokens and values with control characters (RFC 9110, section 5).
	Header http.Header
	// Subprotocols are offered in this order; [Conn.Dialed] tells which was chosen.
	Subprotocols []string
	// TLS makes it a wss connection; nil is ws. Unless it has a ServerName or
	// InsecureSkipVerify, each connection gets a clone with the name of Host.
	TLS *tls.Config

	// ConnectTimeout bounds the TCP connect, TLSTimeout the TLS handshake, UpgradeTimeout the time from the request to
	// the end of the header of the response, which may have 8 KiB. 0 means 5 s, 10 s and 5 s. Their resolution is
	// [Client.Tick].
	ConnectTimeout, TLSTimeout, UpgradeTimeout time.Duration
}

// NewDialer makes the Dialer of a URL, ws://host[:port]/path?query or wss://. A host name is
// looked up, which blocks. A name is a list of addresses, in the order in which the resolver prefers
// them (RFC 6724): the first becomes Addr, the others Fallback.
func NewDialer(ctx context.Context, rawURL string) (*Dialer, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("netpoll: %w", err)
	}
	port, known := map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	if !known || u.Hostname() == "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("netpoll: %q is no URL of a WebSocket: ws://host[:port]/path?query or wss://", u.Redacted())
	}
	port = cmp.Or(u.Port(), port)
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, fmt.Errorf("netpoll: %w", err)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, fmt.Errorf("netpoll: %w", err)
	}
	d := &Dialer{Addr: netip.AddrPortFrom(ips[0].Unmap(), uint16(number)), Host: u.Host, Path: u.RequestURI()}
	for _, ip := range ips[1:] {
		d.Fallback = append(d.Fallback, netip.AddrPortFrom(ip.Unmap(), uint16(number)))
	}
	if u.Scheme == "wss" {
		d.TLS = &tls.Config{ServerName: u.Hostname()}
	}
	return d, nil
}

// check returns an error if no dial can ever work.
func (d *Dialer) check() error {
	remote, local := d.Addr.Addr().Unmap(), d.Local.Addr().Unmap()
	switch {
	case !remote.IsValid() || d.Addr.Port() == 0:
		return errors.New("netpoll: Dialer.Addr needs an address and a port")
	case remote.Zone() != "" || local.Zone() != "":
		return errors.New("netpoll: Dialer does not know IPv6 zones")
	case local.IsValid() && local.Is4() != remote.Is4():
		return fmt.Errorf("netpoll: Dialer.Local %v and Addr %v are not of one family", d.Local, d.Addr)
	}
	for _, a := range d.Fallback {
		if !a.Addr().IsValid() || a.Port() == 0 || a.Addr().Zone() != "" {
			return fmt.Errorf("netpoll: Dialer.Fallback %v is not an address and a port", a)
		}
	}
	if err := d.request().Check(); err != nil {
		return fmt.Errorf("netpoll: Dialer.%w", err)
	}
	return nil
}

// next returns the first of Fallback from index from on that can be dialed from Local, and the index behind it.
func (d *Dialer) next(from int) (addr netip.AddrPort, after int, ok bool) {
	local := d.Local.Addr().Unmap()
	for i := from; i < len(d.Fallback); i++ {
		if a := d.Fallback[i]; !local.IsValid() || local.Is4() == a.Addr().Unmap().Is4() {
			return a, i + 1, true
		}
	}
	return addr, len(d.Fallback), false
}

func (d *Dialer) host() string {
	if d.Host != "" {
		return d.Host
	}
	return d.Addr.String()
}

// tlsConfig returns TLS with a name to verify.
func (d *Dialer) tlsConfig() *tls.Config {
	if d.TLS.ServerName != "" || d.TLS.InsecureSkipVerify {
		return d.TLS
	}
	cfg := d.TLS.Clone()
	cfg.ServerName = (&url.URL{Host: d.host()}).Hostname()
	return cfg
}

func (d *Dialer) connectTimeout() time.Duration { return cmp.Or(d.ConnectTimeout, 5*time.Second) }
func (d *Dialer) tlsTimeout() time.Duration     { return cmp.Or(d.TLSTimeout, 10*time.Second) }
func (d *Dialer) upgradeTimeout() time.Duration { return cmp.Or(d.UpgradeTimeout, 5*time.Second) }

// request is what the upgrade asks for.
func (d *Dialer) request() upgrade.ClientRequest {
	return upgrade.ClientRequest{Host: d.host(), Path: d.Path, Header: d.Header, Subprotocols: d.Subprotocols}
}
