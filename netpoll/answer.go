//go:build !windows

package netpoll

import (
	"bufio"
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
	read int    // bytes given to the coroutine
	out  []byte // the request

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

// Read is the coroutine's.
func (a *answer) Read(p []byte) (int, error) {
	for len(a.in) == 0 {
		if a.end != nil {
			return 0, a.end
		}
		if !a.yield(struct{}{}) {
			a.end = errStopped
		}
	}
	if a.read >= maxAnswer {
		return 0, errLongAnswer
	}
	n := copy(p, a.in[:min(len(a.in), maxAnswer-a.read)])
	a.in, a.read = a.in[n:], a.read+n
	return n, nil
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
