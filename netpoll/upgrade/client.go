package upgrade

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"net/url"

	"github.com/gobwas/ws"
)

// Client is the opening handshake from the client's side: it makes the request and reads the response, as
// gobwas/ws does it. It does no I/O: send what Request returns, and hand what arrives to Read until that is done.
//
// ws.Dialer.Upgrade writes the request and reads the response within one call. It therefore runs as a coroutine over
// memory: Read resumes it with what has arrived, and it yields when it needs more. An event loop that is locked to a
// thread could not resume a coroutine that another loop began.
//
// A Client is used by one goroutine at a time. Close frees the coroutine of one that is not done.
type Client struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	done  bool

	in   []byte // not read yet; borrowed until Read returns
	end  error  // the error at the end of in
	read int    // bytes of the header
	out  []byte // the request

	buf       []byte // the line that is being read
	line      []byte // the part of it that the coroutine has not got
	begun     bool   // the status line was read
	switching bool   // and is that of a 101
	upgrades  bool   // there was a Connection field with upgrade

	left   *bufio.Reader // done: holds bytes that follow the header, ahead of in; or nil
	chosen string        // done: the subprotocol
	err    error         // done: why it is no WebSocket
	status *StatusError  // the response was not 101
}

// MaxResponse bounds the header of a response in bytes, and with it the memory of a handshake.
const MaxResponse = 8 << 10

// ErrLongResponse is the error of a response whose header is longer than MaxResponse.
var ErrLongResponse = errors.New("the header of the response is longer than 8 KiB")

var errClosed = errors.New("given up")

// NewClient begins the handshake.
func NewClient(r ClientRequest) (*Client, error) {
	target, err := r.check()
	if err != nil {
		return nil, err
	}
	c := new(Client)
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		c.run(r.dialer(), target)
	})
	c.next()
	return c, nil
}

func (c *Client) run(d ws.Dialer, target *url.URL) {
	d.OnStatusError = func(status int, _ []byte, response io.Reader) { c.status = newStatusError(status, response) }
	left, shaken, err := d.Upgrade(c.side(), target)
	if c.status != nil {
		err = c.status
	}
	c.left, c.chosen, c.err, c.done = left, shaken.Protocol, err, true
}

// Request is the request to send. It is returned once.
func (c *Client) Request() []byte {
	out := c.out
	c.out = nil
	return out
}

// Read goes on with b, which is borrowed until it returns. It returns true when the header of the response has ended,
// with an error if it is no 101 of a WebSocket: a [*StatusError], or one of gobwas/ws (ws.ErrHandshakeBadSecAccept).
// Rest has the bytes behind the header. If it returns false all of b was read.
func (c *Client) Read(b []byte) (done bool, err error) {
	c.in = b
	c.next()
	return c.done, c.err
}

// End ends the handshake: no more bytes will arrive, and err is the reason. It returns the error of the handshake. The
// part of the response that has arrived may give a better reason than err, such as a status.
func (c *Client) End(err error) error {
	if !c.done {
		c.end = err
		c.next()
	}
	return c.err
}

// Close gives up a handshake that is not done. It may be called at any time, more than once.
func (c *Client) Close() { c.stop() }

// Subprotocol is the one that the server has chosen, or empty.
func (c *Client) Subprotocol() string { return c.chosen }

// Rest calls f with the bytes behind the header, in order, after Read has returned true. They are borrowed as b of Read
// is.
func (c *Client) Rest(f func([]byte)) {
	if c.left != nil {
		b, _ := c.left.Peek(c.left.Buffered())
		f(b)
		ws.PutReader(c.left)
		c.left = nil
	}
	if len(c.in) > 0 {
		f(c.in)
	}
}

// side is the Client as the coroutine sees it.
func (c *Client) side() io.ReadWriter { return clientSide{c} }

type clientSide struct{ *Client }

// Write appends to the request.
func (c clientSide) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	return len(p), nil
}

// Read gets one line of the header at a time, so that none of what follows the header is read.
func (c clientSide) Read(p []byte) (int, error) {
	for len(c.line) == 0 {
		line, err := c.readLine()
		if err != nil {
			return 0, err
		}
		c.line = c.simplified(line)
	}
	n := copy(p, c.line)
	c.line = c.line[n:]
	return n, nil
}

// readLine waits for the next line, or for the part of it that has arrived before the end.
func (c *Client) readLine() ([]byte, error) {
	c.buf = c.buf[:0]
	for {
		n := bytes.IndexByte(c.in, '\n') + 1
		if n == 0 {
			n = len(c.in)
		}
		if c.read += n; c.read > MaxResponse {
			return nil, ErrLongResponse
		}
		c.buf, c.in = append(c.buf, c.in[:n]...), c.in[n:]
		switch {
		case bytes.HasSuffix(c.buf, []byte("\n")):
			return c.buf, nil
		case c.end != nil && len(c.buf) > 0:
			return c.buf, nil
		case c.end != nil:
			return nil, c.end
		case !c.yield(struct{}{}):
			c.end = errClosed
		}
	}
}

// simplified is a line of a response in the form that ws.Dialer reads: it knows no lists. The Connection fields of a 101
// become one field with nothing but upgrade, if that is in one of them (RFC 6455, section 4.1), and fields with an empty
// list are left out.
func (c *Client) simplified(line []byte) []byte {
	if !c.begun {
		c.begun, c.switching = true, bytes.HasPrefix(line, []byte("HTTP/1.1 101 "))
		return line
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch value = bytes.TrimRight(value, "\r\n"); {
	case !c.switching:
	case equalFold(name, "Connection"):
		if c.upgrades || !hasToken(value, "upgrade") {
			return nil
		}
		c.upgrades = true
		return append(c.buf[:0], "Connection: Upgrade\r\n"...)
	case equalFold(name, "Sec-WebSocket-Protocol"), equalFold(name, "Sec-WebSocket-Extensions"):
		for range elements(value) {
			return line
		}
		return nil
	}
	return line
}
