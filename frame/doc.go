// Package frame is RFC 6455 (WebSocket frames) and RFC 7692 (permessage-deflate) as functions on bytes. It does no I/O
// and has no goroutine and no lock. The caller owns the sockets and the buffers, as an event loop needs it.
//
// # Reading
//
// A [Decoder] is the parser of one connection: a value of 16 bytes to embed in the caller's connection. It takes memory
// only while a message is split over reads or fragments. A [Config] has the limits of an endpoint, and a [Pool] the
// buffers and the decompressor that all connections of one goroutine share.
//
// Pass to [Decoder.Next] what a read has returned. It unmasks in place and returns whole messages and control frames,
// most of them without a copy. So use or copy a payload before the next call and before the next read.
//
// A violation is detected at the first byte that shows it: opcode, reserved bits and fragmentation at the first byte of a
// header, the mask bit at the second, the length before any of the payload, and text that is not UTF-8 at the offending
// byte. The error is an [*Error] with the close code of the RFC, and always ends the connection. The caller still has to
// answer pings and close frames, to set a deadline while [Decoder.Partial], and to limit the rate of control frames.
//
// # Writing
//
// [AppendFrame] and [AppendClose] append the frames of a server, [AppendMaskedFrame] and [AppendMaskedClose] those of a
// client. [PutHeader] writes the header of a payload that was built with [HeaderRoom] before it, so a broadcast is
// encoded once, header included, and shared. A [Deflater] compresses messages. No function fragments a message.
//
// # Compression
//
// permessage-deflate is negotiated without context takeover in both directions ([AcceptDeflate]). This compresses less,
// but no connection needs a compressor or a window, and a broadcast is compressed once for all receivers. Call
// [Decoder.EnableDeflate] after the handshake. Config.MaxMessage bounds a message on the wire and again inflated. A client
// may limit the window of the compressor: one second Deflater with Window 8 serves all such clients.
//
// # Memory
//
// A connection takes 16 bytes, and while a message is incomplete at most twice what has arrived of it. A Pool keeps up to
// 512 KiB of buffers, and with compression in use 45 KiB of decompressor and up to 128 KiB of output. A Deflater takes
// about 800 KiB, or 1,100 KiB with a Window.
//
// # Files
//
//	header.go     frame headers as they are written             RFC 6455 section 5.2
//	parse.go      checks of a received header                   RFC 6455 sections 5.1, 5.2, 5.4, 5.5; RFC 7692 section 6
//	decoder.go    from frames to messages, control frames       RFC 6455 sections 5.4 to 5.6
//	unmask.go     masking                                       RFC 6455 section 5.3
//	utf8.go       text, validated as it arrives                 RFC 6455 section 8.1, RFC 3629
//	op.go         opcodes                                       RFC 6455 sections 5.2, 11.8
//	close.go      close frames and their codes                  RFC 6455 sections 5.5.1, 7.1.5, 7.4
//	error.go      violations and their close codes              RFC 6455 section 7.1.7
//	encode.go     whole frames, masked or not                   RFC 6455 sections 5.2, 5.3
//	negotiate.go  offers of permessage-deflate                  RFC 7692 sections 5, 7.1
//	deflate.go    compressed messages, written                  RFC 7692 section 7.2.1
//	inflate.go    compressed messages, read                     RFC 7692 section 7.2.2
//	config.go     limits                                        RFC 6455 section 10.4
//	pool.go       buffers of incomplete messages
package frame
