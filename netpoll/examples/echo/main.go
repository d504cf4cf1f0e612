// Echo sends every message back to where it came from.
package main

import (
	"log"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

func main() {
	server := netpoll.Server{
		Addr: ":8080",
		Endpoints: []netpoll.Endpoint{{
			OnMessage: func(c *netpoll.Conn, op frame.Op, p []byte) { c.Send(op, p) },
		}},
	}
	log.Fatal(server.ListenAndServe())
}
