// Broadcast puts each client that connects with ?room=NAME into that topic, and sends each
// text message to all members of it, the sender included.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/url"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unique"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

func main() {
	listen := flag.String("listen", ":8080", "address to listen on")
	loops := flag.Int("loops", 0, "number of event loops; 0 means one per CPU")
	pings := flag.Duration("ping-interval", 0, "silence after which a connection is pinged, twice the time it has to answer; 0 means 25s and 10s")
	flag.Parse()
	server := &netpoll.Server{Addr: *listen, Loops: *loops, Endpoints: []netpoll.Endpoint{room(*pings)}, OnError: func(err error) { log.Print(err) }}
	go shutdownOnSignal(server)
	if err := server.ListenAndServe(); !errors.Is(err, netpoll.ErrServerClosed) {
		log.Fatal(err)
	}
}

func room(pings time.Duration) netpoll.Endpoint {
	return netpoll.Endpoint{
		PingInterval: pings,
		PongTimeout:  pings / 2,
		Accept: func(r *netpoll.Request) error {
			escaped, ok := strings.CutPrefix(r.Query(), "room=")
			name, err := url.QueryUnescape(escaped)
			if !ok || err != nil || name == "" {
				return &netpoll.Reject{Status: 400, Reason: "which room? connect with ?room=NAME"}
			}
			r.SetContext(unique.Make(name)) // one string for all in the room
			r.SetAffinity(name)
			return nil
		},
		OnOpen: func(c *netpoll.Conn) { c.Subscribe(roomOf(c)) },
		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) {
			if op == frame.OpText {
				c.Publish(roomOf(c), netpoll.NewBuffer(op, p))
			}
		},
	}
}

func roomOf(c *netpoll.Conn) string { return c.Context().(unique.Handle[string]).Value() }

func shutdownOnSignal(server *netpoll.Server) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = server.Shutdown(ctx)
}
