//go:build !windows

package netpoll

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/throngd/throng/netpoll/upgrade"
)

// phaseDeciding: the request is complete and correct, and the application decides about it outside the loop
// (Endpoint.Decide). The loop still reads the connection, so that it notices when the client goes away. Bytes that a
// client sends before the response are kept as part of its request, within MaxHeader and MaxHeaderMemory.

// Decision is a request for a WebSocket that [Endpoint.Decide] has to decide about, by one call of Accept or Reject. Any
// goroutine may call its methods. Only the first call counts, and none counts after Context has ended.
type Decision struct {
	request *Request
	loop    *Loop
	handle  Handle
	ctx     context.Context
	cancel  context.CancelFunc
}

// Request is the request. It is a copy that may be kept; only one goroutine at a time may use it, and none after Accept.
// [upgrade.Request.SetContext] and SetAffinity have their effect until Accept.
func (d *Decision) Request() *Request { return d.request }

// Context ends when the decision is taken or not needed any more: the client has gone, [Endpoint.DecideTimeout] has
// passed, or the server shuts down.
func (d *Decision) Context() context.Context { return d.ctx }

// Accept opens the connection: OnOpen follows on its loop, unless the client has gone meanwhile.
func (d *Decision) Accept() { d.post(nil) }

// Reject rejects the request as an error of [Endpoint.Accept] does: a [*Reject] is the response, any other error answers
// 403 and is reported to [Server.OnError].
func (d *Decision) Reject(err error) {
	d.post(cmp.Or(err, error(&Reject{})))
}

// post has the loop carry the decision out. Only the loop knows whether it is the first one.
func (d *Decision) post(err error) {
	if d.ctx.Err() == nil {
		d.loop.Do(func() { d.loop.decided(d, err) })
	}
}

// startDecision begins phaseDeciding of c, whose request is r. rest holds the bytes behind the request.
func (l *Loop) startDecision(c *Conn, r *Request, rest []byte) {
	s, e := l.server, l.engine.requested(r)
	if s.deciding.Add(1) > int64(cmp.Or(s.MaxDeciding, 4096)) {
		s.deciding.Add(-1)
		l.refuse(c, &Reject{
			Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload,
			Reason: "too many requests wait for a decision", Header: retryAfter("1"),
		})
		return
	}
	d := &Decision{request: r.Clone(), loop: l, handle: c.Handle()}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	c.aux = &aux{decision: d}
	l.enter(c, phaseDeciding)
	l.setDeadline(c, e.DecideTimeout)
	if len(rest) > 0 {
		l.keepEarly(c, rest)
	}
	if c.aux.decision == d {
		e.Decide(d)
	}
}

// keepEarly keeps bytes that a client sends before the response. RFC 6455, section 4.1, does not allow them, but some
// clients send them.
func (l *Loop) keepEarly(c *Conn, b []byte) {
	if limit := l.server.maxHeader(); len(c.aux.header)+len(b) > limit {
		l.refuse(c, upgrade.BadRequest(fmt.Sprintf("more than %d bytes before the response to the upgrade", limit)))
		return
	}
	l.keep(c, b)
}

// decided carries out a decision, if the connection still waits for it. A nil err accepts.
func (l *Loop) decided(d *Decision, err error) {
	c := l.lookup(d.handle)
	if c == nil || c.has(flagDead) || c.aux == nil || c.aux.decision != d {
		return
	}
	defer l.recoverPanic(d.handle)
	if err != nil {
		l.refuse(c, l.rejectFor("Endpoint.Decide", err))
		return
	}
	l.endDecision(c)
	early := c.takeHeader()
	defer l.engine.headers.release(early)
	l.acceptRequest(c, d.request, early)
}

// decisionTimeout answers a client whose request was not decided about in time.
func (l *Loop) decisionTimeout(c *Conn) {
	l.refuse(c, &Reject{Status: http.StatusGatewayTimeout, Cause: upgrade.CauseTimeout, Reason: "the decision about the request took too long"})
}

// endDecision tells the application that c does not wait for a decision any more.
func (l *Loop) endDecision(c *Conn) {
	if c.aux == nil || c.aux.decision == nil {
		return
	}
	c.aux.decision.cancel()
	c.aux.decision = nil
	l.server.deciding.Add(-1)
}

// rejectUndecided answers c, whose server shuts down, if it waits for a decision. It reports whether it does.
func (l *Loop) rejectUndecided(c *Conn) bool {
	if c.phase != phaseDeciding {
		return false
	}
	l.refuse(c, &Reject{Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload, Reason: "the server is shutting down", Header: retryAfter("1")})
	return true
}
