// Echo is bare netpoll sending every message back: what the floor does at /echo.
package main

import (
	"flag"
	"log"

	"github.com/throngd/throng/benchmarks/internal/selfsigned"
	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:7000", "`address` to listen on")
	secure := flag.Bool("tls", false, "serve TLS with a certificate made now")
	flag.Parse()
	s := netpoll.Server{Addr: *listen, Endpoints: []netpoll.Endpoint{{
		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
	}}}
	if *secure {
		var err error
		if s.TLS, err = selfsigned.Config(); err != nil {
			log.Fatal(err)
		}
	}
	log.Fatal(s.ListenAndServe())
}
