package chat

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// wire is a TCP proxy to the server whose connections can be cut.
type wire struct {
	net.Listener
	to     string
	mu     sync.Mutex
	cut    bool
	lose   lossy // the next loss
	conns  []net.Conn
	wg     sync.WaitGroup
	losses chan struct{} // one for each loss
}

// lossy is the kind of data that a wire loses next; it closes the connection at that point. The loss depends on the data, not
// on the time: the SDK (v0.10.10) has a data race between a request that is just being sent and the end of the connection
// (centrifuge-go pull request 144), so a test cuts when no request can be on its way to the socket.
type lossy int

const (
	nothing  lossy = iota
	aRequest       // the next data from the client
	anAnswer       // the next reply to a publish
)

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l, to: to, losses: make(chan struct{}, 16)}
	w.wg.Go(w.run)
	t.Cleanup(func() {
		_ = l.Close()
		w.set(true)
		w.wg.Wait()
	})
	return w
}

func (w *wire) run() {
	for {
		in, err := w.Accept()
		if err != nil {
			return
		}
		out, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", w.to)
		w.mu.Lock()
		if w.cut || err != nil {
			_ = in.Close()
			if out != nil {
				_ = out.Close()
			}
		} else {
			w.conns = append(w.conns, in, out)
			w.wg.Go(func() { w.carry(out, in, func([]byte) lossy { return aRequest }) })
			w.wg.Go(func() { w.carry(in, out, answers) })
		}
		w.mu.Unlock()
	}
}

// carry copies until one side ends, or until the read data is to be lost.
func (w *wire) carry(to, from net.Conn, kind func([]byte) lossy) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if n > 0 && w.loses(kind(b[:n])) {
			return
		}
		if _, e := to.Write(b[:n]); err != nil || e != nil {
			return
		}
	}
}

func answers(b []byte) lossy {
	if bytes.Contains(b, []byte(`"publish":{`)) {
		return anAnswer
	}
	return nothing
}

func (w *wire) loses(what lossy) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if what == nothing || w.lose != what {
		return false
	}
	w.lose = nothing
	w.losses <- struct{}{}
	return true
}

// loseNext closes the connection once, at the next data of that kind.
func (w *wire) loseNext(what lossy) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = what
}

// set cuts all connections and refuses new ones, or allows new ones again.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

// waitLoss returns when the loss that loseNext requested has happened.
func (w *wire) waitLoss(t *testing.T) {
	t.Helper()
	select {
	case <-w.losses:
	case <-time.After(15 * time.Second):
		t.Fatal("nothing passed that was to be lost")
	}
}
