package upgrade_test

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll/upgrade"
)

// A complete WebSocket without a network: upgrade and frame on both ends of a pipe.
func Example() {
	near, far := net.Pipe()
	go serve(far)

	client, err := upgrade.NewClient(upgrade.ClientRequest{Host: "chat.example", Path: "/ws", Subprotocols: []string{"chat.v1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	_, _ = near.Write(client.Request())
	buf := make([]byte, 4096)
	for done := false; !done; {
		n, _ := near.Read(buf)
		if done, err = client.Read(buf[:n]); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("open, speaks", client.Subprotocol())

	mask := [4]byte{1, 2, 3, 4} // a random one for each frame
	_, _ = near.Write(frame.AppendMaskedFrame(nil, frame.OpText, []byte("hello"), mask))
	var decoder frame.Decoder
	config := frame.Config{Client: true}
	for {
		n, _ := near.Read(buf)
		if m, _, err := decoder.Next(buf[:n], &config); err != nil || m.Op != 0 {
			fmt.Printf("%s, %v\n", m.Payload, err)
			return
		}
	}
	// Output:
	// open, speaks chat.v1
	// hello, <nil>
}

var endpoints = upgrade.Upgrader{Endpoints: []upgrade.Endpoint{{Path: "/ws", Subprotocols: []string{"chat.v1"}}}}

// serve echoes the messages of one connection.
func serve(conn net.Conn) {
	defer conn.Close()
	received, rest := make([]byte, 0, 64<<10), []byte(nil)
	var r upgrade.Request
	var scan upgrade.Scan
	for n := 0; n == 0; {
		var reject *upgrade.Reject
		got, err := conn.Read(received[len(received):cap(received)])
		if err != nil {
			return
		}
		received = received[:len(received)+got]
		if n, reject = endpoints.Read(&r, received, &scan); reject == nil && n > 0 {
			r.SetRemoteAddr(netip.MustParseAddrPort("192.0.2.1:1234"))
			reject = endpoints.Check(&r)
		}
		if reject != nil {
			_, _ = conn.Write(r.AppendReject(nil, reject))
			return
		}
		rest = received[n:]
	}
	_, _ = conn.Write(r.AppendAccept(nil))

	var config frame.Config
	var decoder frame.Decoder
	for {
		for len(rest) > 0 {
			m, n, err := decoder.Next(rest, &config)
			if err != nil || m.Op == frame.OpClose {
				return
			}
			if m.Op == frame.OpText || m.Op == frame.OpBinary {
				_, _ = conn.Write(frame.AppendFrame(nil, m.Op, m.Payload))
			}
			rest = rest[n:]
		}
		n, err := conn.Read(received[:cap(received)])
		if err != nil {
			return
		}
		rest = received[:n]
	}
}

// The server's half on bytes: a request goes in, a response comes out.
func ExampleUpgrader() {
	const request = "GET /ws HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	u := upgrade.Upgrader{Endpoints: []upgrade.Endpoint{{Path: "/ws"}}}
	var r upgrade.Request
	var scan upgrade.Scan

	n, reject := u.Read(&r, []byte(request)[:50], &scan) // half a request
	fmt.Println(n, reject == nil)
	n, reject = u.Read(&r, []byte(request), &scan)
	fmt.Println(n == len(request), reject == nil, r.Path(), u.Check(&r) == nil)
	fmt.Printf("%.32s\n", r.AppendAccept(nil))

	scan = upgrade.Scan{}
	_, reject = u.Read(&r, []byte("GET /ws HTTP/1.1\r\nHost : x"), &scan) // white space before the colon
	fmt.Printf("%.24s, %s\n", reject.Append(nil), reject.Reason)
	// Output:
	// 0 true
	// true true /ws true
	// HTTP/1.1 101 Switching Protocols
	// HTTP/1.1 400 Bad Request, malformed header name
}

// An allow-list for Endpoint.CheckOrigin.
func ExampleAllowOrigins() {
	check, err := upgrade.AllowOrigins("https://chat.example", "https://*.chat.example", "http://localhost:*")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = upgrade.Endpoint{CheckOrigin: check}

	_, err = upgrade.AllowOrigins("chat.example")
	fmt.Println(err)
	// Output: "chat.example" has no scheme; write it as https://chat.example
}

// The address of the client behind a trusted proxy.
func ExampleRequest_Client() {
	const request = "GET /ws HTTP/1.1\r\nHost: chat.example\r\nX-Forwarded-For: 198.51.100.1, 203.0.113.9, 10.0.0.7\r\n\r\n"
	proxies := netip.MustParsePrefix("10.0.0.0/8")
	var r upgrade.Request
	var scan upgrade.Scan
	var u upgrade.Upgrader
	_, _ = u.Read(&r, []byte(request), &scan)

	client, _ := r.Client("X-Forwarded-For", proxies.Contains)
	fmt.Println(client.Addr()) // the client may have forged the addresses before it
	// Output: 203.0.113.9
}

func ExampleParseProxyHeader() {
	received := []byte("PROXY TCP4 203.0.113.9 192.0.2.1 4444 80\r\nGET / HTTP/1.1\r\n")
	client, n, err := upgrade.ParseProxyHeader(received)
	fmt.Printf("%v, %.5q, %v\n", client, received[n:], err)
	// Output: 203.0.113.9:4444, "GET /", <nil>
}
