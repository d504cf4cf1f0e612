package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/hosts"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
)

// origins is an allow-list that can be replaced while the server runs.
type origins struct {
	log     *slog.Logger
	list    atomic.Pointer[originList]
	hosts   hosts.Rule   // of the listener
	refused atomic.Int64 // since the last warning
	logged  atomic.Int64 // time of the last warning, in nanoseconds since started; 0: never
	started time.Time
}

// originList is an allow-list. It is immutable.
type originList struct {
	allows   func(*netpoll.Request) bool
	sameHost bool // the origin of the Host header is allowed
	implicit bool // the default, without a list in the configuration
}

func compileOrigins(list []string) (*originList, error) {
	allows, err := upgrade.AllowOrigins(list...)
	if err != nil {
		return nil, fmt.Errorf("allowed_origins: %w", err)
	}
	return &originList{allows, len(list) == 0 || slices.Contains(list, upgrade.SameHost), len(list) == 0}, nil
}

// check reports whether pages of the request's origin may connect, and logs if not.
func (o *origins) check(r *netpoll.Request) bool {
	why := o.refuses(r)
	if why == "" {
		return true
	}
	r.SetReason(why)
	o.note(r.Origin(), r.Host())
	return false
}

// refuses returns the reason why pages of the request's origin may not connect, "" if they may. Without a list the origin
// must be that of the Host header. On a loopback address the host must also be a loopback name, against DNS rebinding: the
// name of any page can resolve to this machine.
func (o *origins) refuses(r *netpoll.Request) (why string) {
	list, origin, host := o.list.Load(), r.Origin(), r.Host()
	switch {
	case !list.allows(r):
		return list.explain(origin, host)
	case list.implicit && origin != "" && !o.hosts.Allows(host):
		return fmt.Sprintf("pages of %s may not connect: on a loopback address only those of localhost may. Add the origin to allowed_origins, or same-host if every name in Host is a proxy's",
			printable(origin))
	}
	return ""
}

// explain returns the reason why pages of an origin may not connect.
func (l *originList) explain(origin, host string) string {
	if l.sameHost {
		return fmt.Sprintf("pages of %s may not connect: the Host header is %s. Let the proxy in front pass Host on, or add the origin to allowed_origins",
			printable(origin), printable(host))
	}
	return fmt.Sprintf("pages of %s may not connect: the origin is not in allowed_origins", printable(origin))
}

// originWarning is the least time between two warnings, since any client can cause them.
const originWarning = time.Minute

// note counts a refused origin, and logs one together with the number since the last warning.
func (o *origins) note(origin, host string) {
	n := o.refused.Add(1)
	last, now := o.logged.Load(), int64(time.Since(o.started))
	if last != 0 && now-last < int64(originWarning) || !o.logged.CompareAndSwap(last, now) {
		return
	}
	o.refused.Add(-n)
	o.log.Warn("an origin was refused", "origin", printable(origin), "host", printable(host), "refused", n,
		"hint", "let the proxy in front pass the Host header on, or add the origin to allowed_origins")
}

// probe answers GET /connection/origin?origin=O as the upgrade of a page of O would be answered: with 204 if the page may
// connect, or with 403 and the reason. A browser does not tell a page why its WebSocket was refused.
func (o *origins) probe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	page := r.Clone(r.Context())
	page.Header = http.Header{"Origin": {r.URL.Query().Get("origin")}}
	request, err := upgrade.NewRequest(page)
	if err != nil { // no header can contain this origin
		http.Error(w, o.list.Load().explain(page.Header.Get("Origin"), r.Host), http.StatusForbidden)
		return
	}
	if why := o.refuses(request); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// printable returns the text of a header for a log or a terminal.
func printable(text string) string {
	const longest = 200
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
