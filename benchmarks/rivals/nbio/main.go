// Nbio is lesismal/nbio: its own HTTP engine with every connection on an epoll loop
// (IOModNonBlocking), which its documentation names for many connections:
// https://github.com/lesismal/nbio#different-iomod
//
// Messages are handled on the loop itself (ServerExecutor): the handlers here do not block, so
// the pool of goroutines for blocking handlers would only cost time.
package main

import (
	"log"
	"net"
	"net/http"
	"runtime"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

// backlog is how many bytes may wait for one connection before nbio closes it.
const backlog = 1 << 20

func main() {
	logging.SetLevel(logging.LevelError)
	s := newServer()
	engine := nbhttp.NewEngine(nbhttp.Config{
		Network: "tcp", Addrs: []string{rival.Addr()},
		MaxLoad: 1_000_000, NPoller: runtime.GOMAXPROCS(0),
		IOMod: nbhttp.IOModNonBlocking, ReleaseWebsocketPayload: true, MaxWriteBufferSize: backlog,
		ServerExecutor: func(f func()) { f() }, SupportServerOnly: true, Handler: s,
		// An engine that cannot listen may hang in its Stop: this ends the process instead.
		Listen: func(_, addr string) (net.Listener, error) { return rival.Listen(addr), nil },
	})
	if err := engine.Start(); err != nil {
		log.Fatal(err)
	}
	select {}
}

type room = rival.Room[*websocket.Conn]

type server struct {
	rooms      rival.Rooms[*websocket.Conn]
	chat, echo *websocket.Upgrader
}

func newServer() *server {
	s := &server{chat: websocket.NewUpgrader(), echo: websocket.NewUpgrader()}
	s.chat.KeepaliveTime, s.echo.KeepaliveTime = 0, 0 // the default closes a connection after two minutes without a message
	s.echo.OnMessage(func(c *websocket.Conn, kind websocket.MessageType, p []byte) { _ = c.WriteMessage(kind, p) })
	s.chat.OnMessage(func(c *websocket.Conn, kind websocket.MessageType, p []byte) {
		c.Session().(*room).Each(func(to *websocket.Conn) { _ = to.WriteMessage(kind, p) })
	})
	s.chat.OnClose(func(c *websocket.Conn, _ error) {
		if r, ok := c.Session().(*room); ok {
			r.Leave(c)
		}
	})
	return s
}

// ServeHTTP runs on the connection's loop, so no message comes before the session is set.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, isEcho := rival.Target(r.RequestURI)
	if isEcho {
		_, _ = s.echo.Upgrade(w, r, nil) // it answers a bad request itself
		return
	}
	if c, err := s.chat.Upgrade(w, r, nil); err == nil {
		c.SetSession(s.rooms.Join(name, c))
	}
}
