// Coder is coder/websocket on net/http: a channel and a goroutine to write for each member, as
// in its chat example: https://github.com/coder/websocket/tree/master/internal/examples/chat
//
// Compression stays off, its default. Contexts without a deadline save a timer for each message;
// the kernel's timeout (TCP_USER_TIMEOUT) replaces it.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/coder/websocket"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

type member struct {
	conn *websocket.Conn
	out  chan []byte
}

type rooms = rival.Rooms[*member]

func main() {
	var all rooms
	log.Fatal(http.Serve(rival.Listen(rival.Addr()), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, isEcho := rival.Target(r.RequestURI)
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		if isEcho {
			go echo(c)
			return
		}
		go chat(&all, name, c) // so that net/http frees its memory for the request
	})))
}

func echo(c *websocket.Conn) {
	defer c.CloseNow()
	for {
		kind, p, err := c.Read(context.Background())
		if err != nil || c.Write(context.Background(), kind, p) != nil {
			return
		}
	}
}

func chat(all *rooms, name string, c *websocket.Conn) {
	m := &member{conn: c, out: make(chan []byte, rival.Queue)}
	room := all.Join(name, m)
	go m.write()
	defer close(m.out)
	defer room.Leave(m)
	for {
		_, p, err := c.Read(context.Background())
		if err != nil {
			return
		}
		room.Each(func(m *member) { m.send(p) })
	}
}

// send closes a member whose queue is full, which ends its two goroutines.
func (m *member) send(p []byte) {
	select {
	case m.out <- p:
	default:
		go m.conn.CloseNow() // waits for the writer, as the example's closeSlow does not
	}
}

func (m *member) write() {
	defer m.conn.CloseNow()
	for p := range m.out {
		if m.conn.Write(context.Background(), websocket.MessageText, p) != nil {
			return
		}
	}
}
