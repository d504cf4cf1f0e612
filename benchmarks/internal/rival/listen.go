package rival

import (
	"context"
	"flag"
	"log"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Queue is how many messages may wait for one member where a library has a queue for each
// (the size is that of gorilla's chat example). A member with more is closed.
const Queue = 256

// stuck is how long sent data may remain unacknowledged (TCP_USER_TIMEOUT). Then the kernel ends the
// connection. Unlike a write deadline it costs nothing per write.
const stuck = 10 * time.Second

// Addr parses the flags, -listen among them, and returns the address to listen on.
func Addr() string {
	addr := flag.String("listen", "127.0.0.1:7000", "`address` to listen on")
	flag.Parse()
	return *addr
}

// Listen is net.Listen with that timeout for all connections. It ends the process if it
// fails. Keepalive is off: if the user timeout is shorter than the keepalive interval, the
// kernel may close a connection that is only idle.
func Listen(addr string) net.Listener {
	c := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if e := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(stuck.Milliseconds()))
		}); e != nil {
			return e
		}
		return err
	}}
	l, err := c.Listen(context.Background(), "tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	return l
}
