package chat

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge-go"
	"github.com/throngd/throng/internal/clierr"
)

// connect makes the SDK's client and lets it connect. It goes on by itself from then on, also after a lost connection.
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
	s.client.OnDisconnected(func(e centrifuge.DisconnectedEvent) { s.post(func() { s.dismissed(e) }) })
	s.client.OnError(func(e centrifuge.ErrorEvent) { s.post(func() { s.failed(e.Error) }) })
	s.enter(s.visit.room)
	go func() { _ = s.client.Connect() }() // its error comes through OnError too
}

func (s *session) connected(e centrifuge.ConnectedEvent) {
	s.self = e.ClientID
	s.met = true
}

// dismissed hears that the server ended the connection for good. A server that wants a token says no more to one who
// has none than that the request is bad.
func (s *session) dismissed(e centrifuge.DisconnectedEvent) {
	if e.Code == 3501 && !s.met {
		s.end(clierr.Errorf(refusals[101].hint, "the server does not let you in without a token (3501)"))
		return
	}
	s.end(farewell(e.Code, e.Reason))
}

// connecting is also called for the first connection, where there is nothing to tell.
func (s *session) connecting(e centrifuge.ConnectingEvent) {
	if e.Code == 3 && e.Reason != "subscribe timeout" { // how the SDK (v0.10.10) shows close code 1009
		s.refuseFirst(clierr.Errorf(farewells[3].hint, "the message is too long for the server (1009)"))
	}
	if !s.met || s.lost {
		return
	}
	s.lost = true
	s.view.alarm("connection lost%s, reconnecting", interruption(e.Code, e.Reason))
	s.prompt()
}

// failed hears of failed attempts to connect. The first ends the chat, as the address is probably wrong; later ones are
// the SDK's to repeat.
func (s *session) failed(err error) {
	if s.met {
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
		s.view.alarm("%v; trying again", refusal(err))
	default:
		s.end(refusal(err))
	}
}

// enter subscribes to the room of the present visit.
func (s *session) enter(room string) {
	v := s.visit
	sub, err := s.client.NewSubscription(room, centrifuge.SubscriptionConfig{Positioned: true, Recoverable: true, JoinLeave: true})
	if err != nil {
		s.end(err)
		return
	}
	v.sub = sub
	here := func(f func()) { // posts f, unless the room was left in the meantime
		s.post(func() {
			if s.visit == v {
				f()
			}
		})
	}
	sub.OnSubscribing(func(centrifuge.SubscribingEvent) { here(func() { s.away(v) }) })
	sub.OnSubscribed(func(e centrifuge.SubscribedEvent) { here(func() { s.subscribed(v, e) }) })
	sub.OnUnsubscribed(func(e centrifuge.UnsubscribedEvent) { here(func() { s.expelled(e) }) })
	sub.OnError(func(e centrifuge.SubscriptionErrorEvent) { here(func() { s.delayed(e.Error) }) })
	sub.OnPublication(func(e centrifuge.PublicationEvent) { here(func() { s.heard(v, e.Publication) }) })
	sub.OnJoin(func(e centrifuge.JoinEvent) { here(func() { s.came(e.ClientInfo) }) })
	sub.OnLeave(func(e centrifuge.LeaveEvent) { here(func() { s.left(e.ClientInfo) }) })
	s.ask(func() { _ = sub.Subscribe() }) // fails only after the client was closed
	s.watchTyping(v)
}

// drop leaves a room. Not on the loop: it writes to the connection.
func (s *session) drop(v *visit) {
	for _, sub := range []*centrifuge.Subscription{v.sub, v.typing} {
		if sub != nil {
			_ = sub.Unsubscribe()
			_ = s.client.RemoveSubscription(sub)
		}
	}
}

// expelled says why the server ended the subscription for good.
func (s *session) expelled(e centrifuge.UnsubscribedEvent) {
	if e.Code >= 2000 {
		s.end(fromCode(nil, e.Code, e.Reason, "the server removed you from the room with code"))
		return
	}
	s.end(farewell(e.Code, e.Reason))
}

// delayed tells of errors that the SDK tries to get over by itself; the others end in expelled.
func (s *session) delayed(err error) {
	var e *centrifuge.Error
	if errors.As(err, &e) && e.Temporary && !s.visit.delayed {
		s.visit.delayed = true
		s.view.alarm("cannot enter yet: %v; trying again", refusal(err))
	}
}

// close ends the connection; the loop has ended before. The SDK (v0.10.10) wants care: a request that is being sent
// while the client closes is a data race, so answers are waited for, but not long; a request whose context is cancelled
// before the client closes leaves a goroutine behind, so stop comes last.
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
	hangUp := time.AfterFunc(time.Second, s.dialer.hangUp) // a server that does not read would be waited for
	s.client.Close()
	hangUp.Stop()
	stop()
}

// ask runs f, which makes a request of the SDK and may wait for its answer, outside the loop.
func (s *session) ask(f func()) { s.asking.Go(f) }
