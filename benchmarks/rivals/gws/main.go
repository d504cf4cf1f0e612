// Gws is lxzan/gws on net/http with its Broadcaster, which encodes a message once and appends
// it to the write queue of each connection: https://github.com/lxzan/gws#broadcast
//
// ParallelEnabled is off: it handles each message of a connection in a goroutine of its own, so
// messages may overtake each other, but the workloads require order. The queue of a connection
// has no bound; rival.Listen's timeout closes a connection that reads nothing.
package main

import (
	"log"
	"net/http"

	"github.com/lxzan/gws"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

func main() {
	all := &rival.Rooms[*gws.Conn]{}
	echo := gws.NewUpgrader(&echoer{}, nil)
	chat := gws.NewUpgrader(&member{}, nil)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, isEcho := rival.Target(r.RequestURI)
		u := chat
		if isEcho {
			u = echo
		}
		c, err := u.Upgrade(w, r)
		if err != nil {
			return
		}
		if !isEcho {
			c.Session().Store(roomKey, all.Join(name, c)) // before ReadLoop, so OnMessage finds it
		}
		go c.ReadLoop() // "it is recommended to enable goroutine" when net/http accepts: the request is freed
	})}
	log.Fatal(server.Serve(rival.Listen(rival.Addr())))
}

const roomKey = "room"

type member struct{ gws.BuiltinEventHandler }

func roomOf(c *gws.Conn) *rival.Room[*gws.Conn] {
	r, _ := c.Session().Load(roomKey)
	return r.(*rival.Room[*gws.Conn])
}

func (*member) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	b := gws.NewBroadcaster(m.Opcode, m.Bytes())
	defer b.Close()
	roomOf(c).Each(func(to *gws.Conn) { _ = b.Broadcast(to) })
}

func (*member) OnClose(c *gws.Conn, _ error) { roomOf(c).Leave(c) }

type echoer struct{ gws.BuiltinEventHandler }

func (*echoer) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes())
}
