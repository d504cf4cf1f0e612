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
	refused atomic.Int64 // since the last line of the log
	logged  atomic.Int64 // when that was, from born in nanoseconds; 0 is never
	born    time.Time
}

// originList is an allow-list; immutable.
type originList struct {
	allows   func(*netpoll.Request) bool
	sameHost bool // the Host header counts
	byItself bool // because there is no list
}

func compileOrigins(list []string) (*originList, error) {
	allows, err := upgrade.AllowOrigins(list...)
	if err != nil {
		return nil, fmt.Errorf("allowed_origins: %w", err)
	}
	return &originList{allows, len(list) == 0 || slices.Contains(list, upgrade.SameHost), len(list) == 0}, nil
}

// check reports whether pages of the request's origin may connect. It logs the others.
func (o *origins) check(r *netpoll.Request) bool {
	why := o.refuses(r)
	if why == "" {
		return true
	}
	r.SetReason(why)
	o.note(r.Origin(), r.Host())
	return false
}

// refuses returns why pages of the request's origin may not connect, and nothing if they may. Without a list the origin
// must be that of the Host header. On a loopback address the host must then be a name of this machine as well: a page
// whose own name resolves to this machine by now (DNS rebinding) is of the same host.
func (o *origins) refuses(r *netpoll.Request) (why string) {
	list, origin, host := o.list.Load(), r.Origin(), r.Host()
	switch {
	case !list.allows(r):
		return list.explain(origin, host)
	case list.byItself && origin != "" && !o.hosts.Allows(host):
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

// originWarning is how often a refused origin is logged at most: anybody can send some.
const originWarning = time.Minute

// note logs that an origin was refused, and how many were since the last time.
func (o *origins) note(origin, host string) {
	n := o.refused.Add(1)
	last, now := o.logged.Load(), int64(time.Since(o.born))
	if last != 0 && now-last < int64(originWarning) || !o.logged.CompareAndSwap(last, now) {
		return
	}
	o.refused.Add(-n)
	o.log.Warn("an origin was refused", "origin", printable(origin), "host", printable(host), "refused", n,
		"hint", "let the proxy in front pass the Host header on, or add the origin to allowed_origins")
}

// probe answers GET /connection/origin?origin=O as the upgrade of a page of O would be
// answered: 204 if it may connect, else 403 with the reason. A browser tells a page
// nothing about why its WebSocket was refused.
func (o *origins) probe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	page := r.Clone(r.Context())
	page.Header = http.Header{"Origin": {r.URL.Query().Get("origin")}}
	request, err := upgrade.NewRequest(page)
	if err != nil { // an origin that no header can have
		http.Error(w, o.list.Load().explain(page.Header.Get("Origin"), r.Host), http.StatusForbidden)
		return
	}
	if why := o.refuses(request); why != "" {
		http.Error(w, why, http.StatusForbidden)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// printable is the text of a header as a log or a terminal may show it.
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
