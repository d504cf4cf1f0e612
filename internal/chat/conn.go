package chat

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/gobwas/ws"
)

// The SDK (v0.10.10) reads messages and response headers of any size into memory, and has no option to limit them.
// Therefore it gets a connection that does. The SDK uses ws:// on it, also to a proxy in between; TLS begins below it with
// the request of the opening handshake, and every frame header is checked before it is passed on.

const (
	maxHeader = 64 << 10 // bytes of the answer to the opening handshake
	maxPage   = 64 << 10 // bytes of a page in reply to the request
)

// errTooLarge is the error of a message from the server above the limit.
var errTooLarge = errors.New("the server sent a message above the limit")

// conn is one TCP connection as the SDK sees it.
type conn struct {
	net.Conn // TCP; its deadlines hold for everything above it
	stream   io.ReadWriteCloser
	tls      *tls.Config // nil: ws://
	limit    int64
	tooLarge func() // called once for a message that is larger

	requested bool // the request was written; before it the SDK talks to a proxy
	in        *bufio.Reader
	rest      io.Reader // what the SDK reads after the request
}

func newConn(tcp net.Conn, secure *tls.Config, limit int64, tooLarge func()) *conn {
	return &conn{Conn: tcp, stream: tcp, tls: secure, limit: limit, tooLarge: tooLarge}
}

// Write begins TLS before the request.
func (c *conn) Write(b []byte) (int, error) {
	if !c.requested && bytes.HasPrefix(b, []byte("GET ")) {
		c.requested = true
		if c.tls != nil {
			secure := tls.Client(c.Conn, c.tls)
			if err := secure.Handshake(); err != nil {
				return 0, err
			}
			c.stream = secure
		}
	}
	return c.stream.Write(b)
}

// Read returns the data of a proxy, then the response to the request, then frames.
func (c *conn) Read(b []byte) (int, error) {
	if !c.requested {
		return c.stream.Read(b)
	}
	if c.rest == nil {
		if err := c.readResponse(); err != nil {
			return 0, err
		}
	}
	return c.rest.Read(b)
}

// Close ends TLS too.
func (c *conn) Close() error { return c.stream.Close() }

// readResponse reads the header of the response.
func (c *conn) readResponse() error {
	c.in = bufio.NewReader(c.stream)
	var head []byte
	for {
		line, err := c.in.ReadSlice('\n')
		if head = append(head, line...); len(head) > maxHeader {
			return fmt.Errorf("malformed HTTP response: its header is longer than %d bytes", maxHeader)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return err
		}
		if text := strings.TrimRight(string(line), "\r\n"); text == "" && len(head) > len(line) && endsLine(head[:len(head)-len(line)]) {
			break
		}
	}
	body := io.LimitReader(c.in, maxPage)
	if _, rest, _ := bytes.Cut(head, []byte(" ")); bytes.HasPrefix(rest, []byte("101")) {
		body = &frames{in: c.in, limit: c.limit, tooLarge: c.tooLarge}
	}
	c.rest = io.MultiReader(bytes.NewReader(head), body)
	return nil
}

func endsLine(b []byte) bool { return len(b) > 0 && b[len(b)-1] == '\n' }

// frames reads the frames of a server, and fails at a message above the limit (RFC 6455, sections 5.2 and 5.4).
type frames struct {
	in       *bufio.Reader
	limit    int64
	tooLarge func()

	head    []byte // of the frame, not passed on yet
	left    int64  // of the frame's payload
	message int64  // bytes of the message so far
	err     error
}

func (f *frames) Read(b []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	if len(f.head) == 0 && f.left == 0 {
		if f.err = f.next(); f.err != nil {
			return 0, f.err
		}
	}
	if len(f.head) > 0 {
		n := copy(b, f.head)
		f.head = f.head[n:]
		return n, nil
	}
	n, err := f.in.Read(b[:min(int64(len(b)), f.left)])
	f.left -= int64(n)
	return n, err
}

// next reads the header of a frame.
func (f *frames) next() error {
	h, err := ws.ReadHeader(f.in)
	if err != nil {
		return err
	}
	if !h.OpCode.IsControl() {
		if h.OpCode != ws.OpContinuation {
			f.message = 0
		}
		if f.message += h.Length; f.message > f.limit || f.message < 0 {
			f.tooLarge()
			return errTooLarge
		}
	}
	var head bytes.Buffer
	if err := ws.WriteHeader(&head, h); err != nil {
		return err
	}
	f.head, f.left = head.Bytes(), h.Length
	return nil
}
