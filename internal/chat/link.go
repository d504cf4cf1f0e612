package chat

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge-go"
	"github.com/throngd/throng/internal/clierr"
)

// connect makes the SDK's client and has it connect. After a lost connection the SDK reconnects by itself.
func (s *session) connect() {
	s.client = centrifuge.NewJsonClient(s.dialer.plainURL(), centrifuge.Config{
		Data:             connectData(s.o.Name),
		Name:             "throng-chat",
		Version:          s.o.Version,
		NetDialContext:   s.dialer.dial,
		Proxy:            s.dialer.proxy,
		Header:           http.Header{"Host": {s.dialer.url.Host}},
		HandshakeTimeout: s.o.timeout,
		ReadTimeout:      s.o.timeout,
		WriteTimeout:     s.o.timeout,
		LogLevel:         centrifuge.LogLevelTrace, // see times
		LogHandler:       s.times.log,
	})
	s.client.OnConnecting(func(e centrifuge.ConnectingEvent) { s.post(func() { s.connecting(e) }) })
	s.client.OnConnected(func(e centrifuge.ConnectedEvent) { s.post(func() { s.connected(e) }) })
	s.client.OnDisconnected(func(e centrifuge.DisconnectedEvent) { s.post(func() { s.disconnected(e) }) })
	s.client.OnError(func(e centrifuge.ErrorEvent) { s.post(func() { s.failed(e.Error) }) })
	s.enter(s.visit.room)
	go func() { _ = s.client.Connect() }() // its error comes through OnError too
}

func (s *session) connected(e centrifuge.ConnectedEvent) {
	s.self = e.ClientID
	s.everConnected = true
}

// disconnected handles a connection that the server has ended for good. If a server requires a token and there is none,
// it only says that the request is bad.
func (s *session) disconnected(e centrifuge.DisconnectedEvent) {
	if e.Code == 3501 && !s.everConnected {
		s.end(clierr.Errorf(refusals[101].hint, "the server does not accept connections without a token (3501)"))
		return
	}
	s.end(disconnectError(e.Code, e.Reason))
}

// connecting handles a lost connection. The SDK calls it for the first connection too.
func (s *session) connecting(e centrifuge.ConnectingEvent) {
	if e.Code == 3 && e.Reason != "subscribe timeout" { // how the SDK (v0.10.10) shows close code 1009
		s.refuseFirst(clierr.Errorf(disconnects[3].hint, "the message is too long for the server (1009)"))
	}
	if !s.everConnected || s.lost {
		return
	}
	s.lost = true
	s.view.warn("connection lost%s, reconnecting", lostReason(e.Code, e.Reason))
	s.prompt()
}

// failed handles a failed attempt to connect. If there was no connection before, the address is probably wrong, and the
// chat ends; otherwise the SDK tries again.
func (s *session) failed(err error) {
	if s.everConnected {
		return
	}
	var transport centrifuge.TransportError
	var server *centrifuge.Error
	switch {
	case errors.As(err, &transport):
		go func() {
			why := s.dialer.explain(s.ctx, err)
			s.post(func() { s.end(why) })
		}()
	case errors.As(err, &server) && server.Temporary:
		s.view.warn("%v; trying again", refusal(err))
	default:
		s.end(refusal(err))
	}
}

// enter subscribes to the room of the current visit.
func (s *session) enter(room string) {
	v := s.visit
	sub, err := s.client.NewSubscription(room, centrifuge.SubscriptionConfig{Positioned: true, Recoverable: true, JoinLeave: true})
	if err != nil {
		s.end(err)
		return
	}
	v.sub = sub
	here := func(f func()) { // posts f, unless the user has left the room
		s.post(func() {
			if s.visit == v {
				f()
			}
		})
	}
	sub.OnSubscribing(func(centrifuge.SubscribingEvent) { here(func() { s.subscriptionLost(v) }) })
	sub.OnSubscribed(func(e centrifuge.SubscribedEvent) { here(func() { s.subscribed(v, e) }) })
	sub.OnUnsubscribed(func(e centrifuge.UnsubscribedEvent) { here(func() { s.unsubscribed(e) }) })
	sub.OnError(func(e centrifuge.SubscriptionErrorEvent) { here(func() { s.subscribeFailed(e.Error) }) })
	sub.OnPublication(func(e centrifuge.PublicationEvent) { here(func() { s.publication(v, e.Publication) }) })
	sub.OnJoin(func(e centrifuge.JoinEvent) { here(func() { s.joined(e.ClientInfo) }) })
	sub.OnLeave(func(e centrifuge.LeaveEvent) { here(func() { s.left(e.ClientInfo) }) })
	s.ask(func() { _ = sub.Subscribe() }) // fails only after the client was closed
	s.watchTyping(v)
}

// drop leaves a room. It must not run on the loop, because it writes to the connection.
func (s *session) drop(v *visit) {
	for _, sub := range []*centrifuge.Subscription{v.sub, v.typing} {
		if sub != nil {
			_ = sub.Unsubscribe()
			_ = s.client.RemoveSubscription(sub)
		}
	}
}

// unsubscribed handles a subscription that the server has ended for good.
func (s *session) unsubscribed(e centrifuge.UnsubscribedEvent) {
	if e.Code >= 2000 {
		s.end(fromCode(nil, e.Code, e.Reason, "the server removed you from the room with code"))
		return
	}
	s.end(disconnectError(e.Code, e.Reason))
}

// subscribeFailed handles an error after which the SDK tries again. Other errors end in unsubscribed.
func (s *session) subscribeFailed(err error) {
	var e *centrifuge.Error
	if errors.As(err, &e) && e.Temporary && !s.visit.delayed {
		s.visit.delayed = true
		s.view.warn("cannot join yet: %v; trying again", refusal(err))
	}
}

// close ends the connection, after the loop has ended. The SDK (v0.10.10) has two defects here. A request that is being
// sent while the client closes is a data race, so close waits for the replies, but not long. A request whose context is
// cancelled before the client closes leaves a goroutine behind, so stop is called last.
func (s *session) close(stop context.CancelFunc) {
	done := make(chan struct{})
	go func() {
		s.asking.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(300 * time.Millisecond):
	}
	hangUp := time.AfterFunc(time.Second, s.dialer.hangUp) // Close would wait for a server that does not read
	s.client.Close()
	hangUp.Stop()
	stop()
}

// ask runs f outside the loop. f makes a request with the SDK and may wait for the reply.
func (s *session) ask(f func()) { s.asking.Go(f) }
