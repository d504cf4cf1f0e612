// Gorilla is gorilla/websocket on net/http sending every message back: the rival of echo.
package main

import (
	"crypto/tls"
	"flag"
	"log"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/throngd/throng/benchmarks/internal/selfsigned"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:7000", "`address` to listen on")
	secure := flag.Bool("tls", false, "serve TLS with a certificate made now")
	flag.Parse()
	server := &http.Server{Addr: *listen, Handler: http.HandlerFunc(echo), TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	if !*secure {
		log.Fatal(server.ListenAndServe())
	}
	cfg, err := selfsigned.Config()
	if err != nil {
		log.Fatal(err)
	}
	server.TLSConfig = cfg
	log.Fatal(server.ListenAndServeTLS("", ""))
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

func echo(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, p, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, p) != nil {
			return
		}
	}
}
