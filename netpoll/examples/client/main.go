// Client opens many connections to one URL, keeps them, and says every second how it goes:
//
//	go run ./netpoll/examples/broadcast &
//	go run ./netpoll/examples/client -url 'ws://127.0.0.1:8080/?room=lobby' -n 5000
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"syscall"
	"time"

	"github.com/throngd/throng/netpoll"
)

func main() {
	url := flag.String("url", "ws://127.0.0.1:8080/", "what to connect to")
	n := flag.Int("n", 1000, "connections")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	dialer, err := netpoll.NewDialer(ctx, *url)
	if err != nil {
		log.Fatal(err)
	}
	client := &netpoll.Client{
		Endpoint: netpoll.Endpoint{
			OnClose: func(_ *netpoll.Conn, e netpoll.CloseEvent) { log.Print("closed: ", e.Code, " ", e.Reason) },
		},
		OnDialError: func(e *netpoll.DialError) { log.Print(e) },
		OnError:     func(err error) { log.Print(err) },
	}
	if err := client.Start(); err != nil {
		log.Fatal(err)
	}
	for range *n {
		if err := client.Dial(dialer, nil); err != nil {
			log.Fatal(err)
		}
	}
	report(ctx, client)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := client.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}

func report(ctx context.Context, client *netpoll.Client) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		s := client.Stats()
		fmt.Printf("opened %d, failed %d, waiting %d, %d messages; connect %v, upgrade %v\n",
			s.Upgraded, s.DialsFailed, s.DialsQueued+s.DialsInFlight, s.MessagesIn, mean(s.Connect), mean(s.Upgrade))
	}
}

func mean(h netpoll.Histogram) time.Duration { return h.Sum / time.Duration(max(1, h.Count())) }
