// Centrifuge is a minimal server on the library that Centrifugo is made of, over the same
// client protocol: https://github.com/centrifugal/centrifuge#quick-example
//
// Channels have what `throng serve --dev` gives them: presence and a history of 5,000 messages with recovery, in
// memory. Join and leave messages are off, because no client of the benchmark requests them: the library checks every
// member for each of them, so that ten thousand members take a minute to join (throng has a bound for it). MaxMessagesInFrame
// without a limit sends all queued messages of a client with one write; write buffers come from a pool. WriteDelay
// is off: it would trade latency for fewer writes, and bounds the rate of a connection.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

func main() {
	ping := flag.Duration("ping", 25*time.Second, "`interval` of pings")
	addr := rival.Addr()
	handler, err := serve(*ping)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/connection/websocket", handler)
	log.Fatal(http.Serve(rival.Listen(addr), nil))
}

// serve starts the node.
func serve(ping time.Duration) (http.Handler, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, err
	}
	node.OnConnecting(connecting)
	node.OnConnect(connected)
	return centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		ReadBufferSize: 1024, WriteBufferSize: 1024, UseWriteBufferPool: true,
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: ping, PongTimeout: ping * 9 / 10},
	}), node.Run()
}

func connecting(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}, MaxMessagesInFrame: -1}, nil
}

func connected(c *centrifuge.Client) {
	c.OnSubscribe(func(e centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
		answer(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{
			EmitPresence: true, EnableRecovery: true, EnablePositioning: true,
		}}, nil)
	})
	c.OnPresence(func(_ centrifuge.PresenceEvent, answer centrifuge.PresenceCallback) {
		answer(centrifuge.PresenceReply{}, nil) // the node fills in the members
	})
	c.OnPresenceStats(func(_ centrifuge.PresenceStatsEvent, answer centrifuge.PresenceStatsCallback) {
		answer(centrifuge.PresenceStatsReply{}, nil)
	})
	c.OnHistory(func(_ centrifuge.HistoryEvent, answer centrifuge.HistoryCallback) {
		answer(centrifuge.HistoryReply{}, nil)
	})
	history := centrifuge.PublishOptions{HistorySize: 5000, HistoryTTL: 24 * time.Hour}
	c.OnPublish(func(_ centrifuge.PublishEvent, answer centrifuge.PublishCallback) {
		answer(centrifuge.PublishReply{Options: history}, nil)
	})
}
