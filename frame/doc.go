// Package frame is RFC 6455 (WebSocket frames) and RFC 7692 (permessage-deflate) as functions on bytes: no I/O,
// no goroutine, no lock. The caller owns the sockets and the buffers, which is what an event loop needs, and
// what makes the package easy to test and to fuzz.
//
// # Reading
//
// A [Decoder] is the parser of one connection. It is a value of 16 bytes, meant to lie inside the caller's
// connection, and takes memory only while a message is split over reads or fragments. A [Config] holds the limits
// and the scratch memory (buffers, one decompressor) that all connections of one loop share. Give
// Decoder.Next whatever a read returned; it unmasks in place and delivers whole messages and control frames, most
// of them where they lie in the read buffer. Hence the two rules of its result: use it, or copy it, before
// the next call and before the next read.
//
// Everything is refused at the earliest byte that shows it, with the close code RFC 6455 gives it: opcode,
// reserved bits and fragmentation at the first byte of a header, the mask bit at the second, a length before any
// of the payload (and without taking memory for it), text that is not UTF-8 at the offending octet. An
// [*Error] is always fatal to the connection and says which close frame to send. What a caller still has to do:
// answer pings, echo a close frame, put a deadline on [Decoder.Partial], limit the rate of control frames.
//
// # Writing
//
// AppendFrame, AppendClose and AppendMaskedFrame append whole frames to a buffer; [PutHeader] completes a
// payload that was built with [HeaderRoom] before it, so that a broadcast is encoded once, header included, and
// shared. A [Deflater] makes the compressed form of a message. Nothing here fragments what it writes.
//
// # Compression
//
// permessage-deflate is only ever negotiated without context takeover in both directions ([AcceptDeflate]).
// That costs some compression and buys two things: no compressor or window per connection, and one
// compressed broadcast for all receivers. Call Decoder.EnableDeflate after the handshake. A message is bounded by
// Config.MaxMessage on the wire and again inflated. Clients may limit the compressor's window (RFC 7692 section
// 7.1.2.1): a second Deflater with Window 8 serves all of these.
//
// # Memory
//
// Per connection: 16 bytes idle; while a message is incomplete, about what has arrived of it, at most twice
// that. Per Config: up to 512 KiB of buffers for reuse, and with compression in use 45 KiB of decompressor and
// up to 128 KiB of output. Larger buffers are left to the garbage collector. Per Deflater: about 800 KiB, 1,100 with a
// Window.
package frame
