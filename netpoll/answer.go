//go:build !windows

package netpoll

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/gobwas/ws"
)

// answer is ws.Dialer.Upgrade in flight. It writes the request and reads the response within
// one call, so it runs as a coroutine over memory: the loop resumes it with what the socket
// gave, and it yields when it needs more. A loop is not locked to a thread, or the coroutine
// would be as well and could not be resumed by another. Loop only.
type answer struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	done  bool

	in   []byte // not read yet; borrowed until resume returns
	end  error  // what follows in
	read int    // bytes of the header
	out  []byte // the request

	buf       []byte // the line that is being read
	line      []byte // what of it the coroutine has not got
	begun     bool   // the status line was read
	switching bool   // and is that of a 101
	upgrades  bool   // there was a Connection field with upgrade

	left   *bufio.Reader // done: holds bytes that follow the header, ahead of in; or nil
	chosen string        // done: the subprotocol
	err    error         // done: why it is no WebSocket
	status *StatusError  // the response was not 101
}

// maxAnswer bounds the header of a response in bytes: the memory of a dial in flight. It is no
// setting, since what answers dials is known to who dials.
const maxAnswer = 8 << 10

var (
	errLongAnswer = errors.New("the header of the response is longer than 8 KiB")
	errStopped    = errors.New("given up")
)

func newAnswer(d *Dialer, target *url.URL) *answer {
	a := new(answer)
	a.next, a.stop = iter.Pull(func(yield func(struct{}) bool) {
		a.yield = yield
		a.run(d.handshake(), target)
	})
	return a
}

func (a *answer) run(h ws.Dialer, target *url.URL) {
	h.OnStatusError = func(status int, _ []byte, response io.Reader) { a.status = newStatusError(status, response) }
	left, shaken, err := h.Upgrade(a, target)
	if a.status != nil {
		err = a.status
	}
	a.left, a.chosen, a.err, a.done = left, shaken.Protocol, err, true
}

// resume goes on with b. If it is not done all of b has been read.
func (a *answer) resume(b []byte) (done bool) {
	a.in = b
	a.next()
	return a.done
}

// finish goes on with the end of the input.
func (a *answer) finish(err error) {
	a.end = err
	a.next()
}

// Read is the coroutine's. It gets one line of the header at a time, so that none of what
// follows the header is read.
func (a *answer) Read(p []byte) (int, error) {
	for len(a.line) == 0 {
		line, err := a.readLine()
		if err != nil {
			return 0, err
		}
		a.line = a.simplified(line)
	}
	n := copy(p, a.line)
	a.line = a.line[n:]
	return n, nil
}

// readLine waits for the next line, or for what is there before the end.
func (a *answer) readLine() ([]byte, error) {
	a.buf = a.buf[:0]
	for {
		n := bytes.IndexByte(a.in, '\n') + 1
		if n == 0 {
			n = len(a.in)
		}
		if a.read += n; a.read > maxAnswer {
			return nil, errLongAnswer
		}
		a.buf, a.in = append(a.buf, a.in[:n]...), a.in[n:]
		switch {
		case bytes.HasSuffix(a.buf, []byte("\n")):
			return a.buf, nil
		case a.end != nil && len(a.buf) > 0:
			return a.buf, nil
		case a.end != nil:
			return nil, a.end
		case !a.yield(struct{}{}):
			a.end = errStopped
		}
	}
}

// simplified is a line of a response as ws.Dialer reads it: it knows no lists. Of the Connection fields
// of a 101 it gets one with nothing but upgrade, if that is there (RFC 6455, section 4.1), and no field
// for an empty list.
func (a *answer) simplified(line []byte) []byte {
	if !a.begun {
		a.begun, a.switching = true, bytes.HasPrefix(line, []byte("HTTP/1.1 101 "))
		return line
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch value = bytes.TrimRight(value, "\r\n"); {
	case !a.switching:
	case equalFold(name, "Connection"):
		if a.upgrades || !hasToken(value, "upgrade") {
			return nil
		}
		a.upgrades = true
		return append(a.buf[:0], "Connection: Upgrade\r\n"...)
	case equalFold(name, "Sec-WebSocket-Protocol"), equalFold(name, "Sec-WebSocket-Extensions"):
		for range elements(value) {
			return line
		}
		return nil
	}
	return line
}

// Write is the coroutine's.
func (a *answer) Write(p []byte) (int, error) {
	a.out = append(a.out, p...)
	return len(p), nil
}

// rest hands f what follows the header, in order.
func (a *answer) rest(f func([]byte)) {
	if a.left != nil {
		b, _ := a.left.Peek(a.left.Buffered())
		f(b)
		ws.PutReader(a.left)
		a.left = nil
	}
	if len(a.in) > 0 {
		f(a.in)
	}
}

// newStatusError reads the header of a response that is not 101, as far as it comes.
func newStatusError(status int, response io.Reader) *StatusError {
	e := &StatusError{Status: status}
	if r, err := http.ReadResponse(bufio.NewReader(response), nil); err == nil {
		e.Header = r.Header
	}
	return e
}
