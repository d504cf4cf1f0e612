//go:build linux

// Floor is a chat server with the least possible work: accept, a response from memory, then read(2)
// and non-blocking send(2), on one core. It has no checks, no limits and no error handling. The
// cost of a server above the floor is the cost of its own code.
//
// A member of room NAME connects with ?room=NAME; a connection to /echo gets its own
// messages back.
package main

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/throngd/throng/benchmarks/internal/sys"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:7000", "IPv4 `address` and port")
	flush := flag.String("flush", "turn", "when messages are sent: message (one send per message and member), "+
		"turn (those read in one turn are laid out once, one send per member), deep (as turn, but it reads until nothing is left)")
	payload := flag.Int("payload", 0, "fill messages up to so many `bytes`, as a server does that adds to them")
	ping := flag.Duration("ping", 0, "send a ping to everybody every `interval`; 0: never")
	flag.Parse()
	if err := run(*listen, *flush, *payload, *ping); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(listen, flush string, payload int, ping time.Duration) error {
	policy, ok := map[string]policy{"message": perMessage, "turn": perTurn, "deep": deep}[flush]
	if !ok {
		return fmt.Errorf("--flush %s: message, turn or deep", flush)
	}
	addr, err := netip.ParseAddrPort(listen)
	if err != nil {
		return err
	}
	fd, err := sys.Listen(addr)
	if err != nil {
		return err
	}
	s, err := newServer(fd, policy, payload, ping)
	if err != nil {
		return err
	}
	s.serve()
	return nil
}
