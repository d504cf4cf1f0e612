// Command users is throng's edge with user ids, for the tests of this folder: the token of connect is the id. throng serve
// cannot check tokens yet, so its limits per user can only be tested with an Authenticator.
//
// It prints its address and serves until its standard input ends.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/netpoll"
)

// trusting accepts every token.
type trusting struct{}

func (trusting) Authenticate(r *edge.AuthRequest) (edge.Identity, error) {
	return edge.Identity{User: r.Token}, nil
}

func main() {
	rate := flag.Int("connection-rate-per-user", 0, "as of throng serve")
	flag.Parse()
	if err := serve(edge.Config{Version: "users", Auth: trusting{}, UserRate: *rate}); err != nil {
		log.Fatal(err)
	}
}

func serve(cfg edge.Config) error {
	e, err := edge.New(cfg)
	if err != nil {
		return err
	}
	defer e.Close()
	s := &netpoll.Server{Addr: "127.0.0.1:0", Loops: 1, Endpoints: e.Endpoints(), OnError: func(err error) { log.Print(err) }}
	if err := s.Listen(); err != nil {
		return err
	}
	e.Bind(s)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	fmt.Printf("ws://%v/connection/websocket\n", s.ListenAddr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = s.Close()
	<-ended
	return nil
}
