// Gorilla is gorilla/websocket on net/http: a goroutine to read and one to write for each
// member, as in its chat example, and one PreparedMessage for all of them, "useful for
// broadcasting": https://pkg.go.dev/github.com/gorilla/websocket#PreparedMessage
//
// The write buffers come from a pool, as its documentation recommends for many connections
// with few writes: https://pkg.go.dev/github.com/gorilla/websocket#hdr-Buffers
package main

import (
	"crypto/tls"
	"flag"
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/throngd/throng/benchmarks/internal/rival"
	"github.com/throngd/throng/benchmarks/internal/selfsigned"
)

var upgrader = websocket.Upgrader{
	ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{}, // the sizes of the chat example
	CheckOrigin: func(*http.Request) bool { return true },
}

type member struct {
	conn *websocket.Conn
	out  chan *websocket.PreparedMessage
}

type rooms = rival.Rooms[*member]

func main() {
	secure := flag.Bool("tls", false, "serve TLS with a certificate made now")
	ping := flag.Duration("ping", 0, "`interval` of pings; 0: none")
	addr := rival.Addr()
	var all rooms
	server := &http.Server{
		Handler:      http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(&all, *ping, w, r) }),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	if !*secure {
		log.Fatal(server.Serve(rival.Listen(addr)))
	}
	var err error
	if server.TLSConfig, err = selfsigned.Config(); err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.ServeTLS(rival.Listen(addr), "", ""))
}

// serve does not use the goroutine of net/http, so that its memory for the request is freed.
func serve(all *rooms, ping time.Duration, w http.ResponseWriter, r *http.Request) {
	name, isEcho := rival.Target(r.RequestURI)
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	if isEcho {
		go echo(c)
		return
	}
	go chat(all, name, ping, c)
}

func echo(c *websocket.Conn) {
	defer c.Close()
	for {
		kind, p, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, p) != nil {
			return
		}
	}
}

func chat(all *rooms, name string, ping time.Duration, c *websocket.Conn) {
	m := &member{conn: c, out: make(chan *websocket.PreparedMessage, rival.Queue)}
	room := all.Join(name, m)
	go m.write(ping)
	defer close(m.out)
	defer room.Leave(m)
	for {
		kind, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		message, err := websocket.NewPreparedMessage(kind, p)
		if err != nil {
			return
		}
		room.Each(func(m *member) { m.send(message) })
	}
}

// send closes a member whose queue is full, which ends its two goroutines.
func (m *member) send(message *websocket.PreparedMessage) {
	select {
	case m.out <- message:
	default:
		m.conn.Close()
	}
}

// write is the writer of the chat example, its ticker included if there are pings.
func (m *member) write(ping time.Duration) {
	defer m.conn.Close()
	var pings <-chan time.Time
	if ping > 0 {
		ticker := time.NewTicker(ping)
		defer ticker.Stop()
		pings = ticker.C
	}
	for {
		select {
		case message, ok := <-m.out:
			if !ok || m.conn.WritePreparedMessage(message) != nil {
				return
			}
		case <-pings:
			if m.conn.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}
