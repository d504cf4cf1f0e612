// Package upgrade is the opening handshake of WebSocket (RFC 6455, section 4) on bytes, for servers and clients. It does no
// I/O, starts no goroutine and owns no buffer: the caller reads from its connection, hands over what has arrived, and
// sends the response. With the package frame it is a complete WebSocket for any transport.
//
// # Server
//
// An [Upgrader] has the endpoints of a server. [Upgrader.Read] scans the bytes that were received so far until the
// header block of the request is complete. The scan is strict: bytes that lenient parsers accept, and that a proxy in
// front may read differently, are rejected at the offending byte. [Upgrader.Check] finds the endpoint of a request for
// a WebSocket, checks the rules of the RFC and the origin, and negotiates subprotocol and compression.
// [Request.AppendAccept] is the 101.
//
//	n, reject := upgrader.Read(&r, received, &scan)
//	switch {
//	case reject != nil:            // send reject.Append(nil), close
//	case n == 0:                   // the request is not complete: read more
//	case !r.WebSocket():           // plain HTTP
//	default:
//		r.SetRemoteAddr(peer)
//		reject = upgrader.Check(&r) // then ask the application
//		response = r.AppendAccept(nil)
//		frames = received[n:]
//	}
//
// Behind a proxy the address of the client comes from [Request.Client] or, with the PROXY protocol, from
// [ParseProxyHeader]. [AllowOrigins] makes the check of the Origin header from a list.
//
// # Client
//
// A [Client] makes the request of a [ClientRequest] and reads the response:
//
//	c, err := upgrade.NewClient(upgrade.ClientRequest{Host: "chat.example", Path: "/ws"})
//	// send c.Request()
//	for done := false; !done && err == nil; {
//		// read into buf
//		done, err = c.Read(buf)
//	}
//	c.Rest(frames)
//
// # Errors
//
// A [Reject] is the response to a request that is rejected, with the [Cause] under which it is counted. Texts of errors
// that were not written for the peer are not sent, see [RejectFor]. The client's errors are a [*StatusError] for a
// response other than 101, and those of gobwas/ws for one that is no WebSocket's.
package upgrade
