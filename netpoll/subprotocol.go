//go:build !windows

package netpoll

import "slices"

// A connection knows its endpoint and its subprotocol by one index of a byte, so that the subprotocol costs no memory:
// each endpoint has one row without a subprotocol, and behind it one for each of its Subprotocols.

// maxRows bounds the rows of a server.
const maxRows = 256

// addEndpoint appends the rows of p.
func (e *engine) addEndpoint(p Endpoint) {
	e.rowOf = append(e.rowOf, len(e.endpoints))
	for _, name := range append([]string{""}, p.Subprotocols...) {
		e.endpoints = append(e.endpoints, p)
		e.subprotocols = append(e.subprotocols, name)
	}
}

// rows is the number of rows of the endpoints.
func rows(endpoints []Endpoint) (n int) {
	for _, p := range endpoints {
		n += 1 + len(p.Subprotocols)
	}
	return n
}

// requested returns the endpoint of a request.
func (e *engine) requested(r *Request) *Endpoint { return &e.endpoints[e.rowOf[r.Endpoint()]] }

// row returns the row of the connection that a request becomes.
func (e *engine) row(r *Request) uint8 {
	return uint8(e.rowOf[r.Endpoint()] + 1 + slices.Index(e.requested(r).Subprotocols, r.Subprotocol()))
}

// Subprotocol is the one that was chosen in the opening handshake, or empty. Only the loop may call it. On a client it is
// known in OnOpen only.
func (c *Conn) Subprotocol() string {
	if c.aux != nil && c.aux.dial != nil {
		return c.Dialed().Subprotocol
	}
	return c.loop.engine.subprotocols[c.endpoint]
}
