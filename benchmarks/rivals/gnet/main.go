// Gnet is the stock gnet engine with gobwas/ws for the upgrade and the frames: as many event
// loops as processors, each accepting for itself (SO_REUSEPORT), every connection on one of
// them: https://pkg.go.dev/github.com/panjf2000/gnet/v2#WithReusePort
//
// A loop writes to its own members with Conn.Write, which on the loop calls write(2) directly.
// All messages that one epoll_wait brings to a room are sent with one Write to each
// member: gnet runs the tasks of a loop after its events.
package main

import (
	"log"
	"runtime"

	"github.com/panjf2000/gnet/v2"
	"github.com/panjf2000/gnet/v2/pkg/logging"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

func main() {
	addr := rival.Addr()
	log.Fatal(gnet.Run(&server{loops: map[gnet.EventLoop]*loop{}}, "tcp://"+addr,
		gnet.WithNumEventLoop(runtime.GOMAXPROCS(0)), gnet.WithReusePort(true), gnet.WithReuseAddr(true),
		gnet.WithLogLevel(logging.ErrorLevel)))
}
