package server

import (
	"net/http"
	"sync/atomic"

	"github.com/throngd/throng/netpoll"
)

// origins is an allow-list that can be replaced while the server runs.
type origins struct {
	rule atomic.Pointer[netpoll.Origins]
}

func (o *origins) set(list []string) { o.rule.Store(netpoll.CompileOrigins(list)) }

// check makes the endpoints ask the list of the moment.
func (o *origins) check(endpoints []netpoll.Endpoint) []netpoll.Endpoint {
	for i := range endpoints {
		accept := endpoints[i].Accept
		endpoints[i].Origins = []string{"*"} // this Accept decides
		endpoints[i].Accept = func(r *netpoll.Request) error {
			switch {
			case !o.rule.Load().Allow(r):
				return &netpoll.Reject{Status: http.StatusForbidden, Reason: "this origin is not allowed"}
			case accept == nil:
				return nil
			}
			return accept(r)
		}
	}
	return endpoints
}
