// Package protocol is the JSON form of the Centrifuge client protocol: bytes in, commands out, and replies and
// pushes appended to bytes. It knows no sockets and no rooms; internal/edge is its only user in the server.
//
// # In
//
// A text frame holds one or more JSON objects, one per line. [Reader] walks them:
//
//	r := protocol.NewReader(frame)
//	for {
//		cmd, err := r.Next()
//		switch {
//		case err == io.EOF:
//			return
//		case err == protocol.ErrMalformed: // no JSON: nothing after it can be trusted
//			...disconnect with protocol.DisconnectBadRequest
//		case err != nil: // JSON that we refuse to carry: cmd.ID says whom to answer
//			...reply with err, whose message names the broken rule, go on
//		}
//		var req protocol.PublishRequest
//		if r.Decode(cmd, &req) != nil { ... } // protocol.ErrFieldType
//	}
//
// Every byte is scanned once by [Reader.Next] before anything is decoded: one linear pass without recursion beyond
// [MaxDepth], so that no input is expensive (notes/hostile-input.md, "Application"). What JSON parsers disagree on is
// refused there: duplicate keys, lone surrogates, NUL characters, numbers beyond a float64 and deep nesting. All the
// rest of valid JSON is carried byte for byte; see [AppendRaw] for the one exception, line ends between tokens.
//
// Requests are decoded by easyjson (requests_easyjson.go, made by "make generate"). Strings in them are copies, raw
// JSON fields are parts of the frame: the caller copies what it keeps.
//
// # Out
//
// What goes out is appended to a []byte: Append... functions return the extended slice, reflect nothing and allocate
// nothing but the growth of the slice. A publication is encoded in two steps, because its offset is known only once
// its room has put it in order: [AppendPublication] without the end, [AppendPush] around it.
//
// # Codes
//
// [Error] is a reply to one command, [Disconnect] a close code, [Unsubscribe] ends one subscription. Their numbers
// and texts are those of the protocol; the range of a code tells the SDKs whether to come back.
package protocol
