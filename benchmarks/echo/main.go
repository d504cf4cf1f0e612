// Echo is bare netpoll sending every message back: what the floor does at /echo.
package main

import (
	"flag"
	"log"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:7000", "`address` to listen on")
	flag.Parse()
	s := netpoll.Server{Addr: *listen, Endpoints: []netpoll.Endpoint{{
		OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
	}}}
	log.Fatal(s.ListenAndServe())
}
