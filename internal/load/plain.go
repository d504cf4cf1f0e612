package load

import (
	"bufio"
	"io"
	"net"
	"sync"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// behaviour is how a client misbehaves.
type behaviour uint8

const (
	dribbles  behaviour = iota // sends one byte at a time
	stalls                     // stops reading once it is in its room
	connects                   // connects and says nothing
	hesitates                  // sends half of the request
	idles                      // upgrades and says nothing
	ignores                    // is in its room and answers no ping
	behaviours
)

func (b behaviour) String() string {
	return [...]string{"sent a byte at a time", "stopped reading", "connected and said nothing", "sent half of the request",
		"upgraded and said nothing", "answered no ping"}[b]
}

// plain is the connection of a client that misbehaves: a blocking socket with two goroutines.
// start, send, resume and close are called on the client's loop.
type plain struct {
	cl  *client
	how behaviour

	mu     sync.Mutex
	conn   net.Conn
	queue  [][]byte
	more   *sync.Cond
	ended  bool
	stall  chan struct{} // closed when a client that stalls reads again
	paused bool
	queued int           // bytes of queue
	shown  chan struct{} // holds one for each message on its way to the loop
	over   chan struct{} // closed at the end
}

const (
	maxQueued = 1 << 20 // that wait to be written: somebody who dribbles is pinged faster than it can answer
	maxShown  = 64      // messages on their way to the loop
)

func newPlain(cl *client, how behaviour) *plain {
	p := &plain{cl: cl, how: how, stall: make(chan struct{}), shown: make(chan struct{}, maxShown), over: make(chan struct{})}
	p.more = sync.NewCond(&p.mu)
	return p
}

func (p *plain) start(d *netpoll.Dialer) {
	r := p.cl.w.run
	r.plains.Go(func() { p.live(d) })
}

// on runs f on the client's loop.
func (p *plain) on(f func(w *worker)) { w := p.cl.w; w.loop.Do(func() { f(w) }) }

// live is the connection from its beginning to its end.
func (p *plain) live(d *netpoll.Dialer) {
	in, times, err := p.open(d)
	if err != nil {
		p.shut()
		p.on(func(w *worker) { w.failed(p.cl, err) })
		return
	}
	if p.how == connects || p.how == hesitates || p.how == idles {
		p.on(func(w *worker) { w.present(p.cl) })
	} else {
		p.on(func(w *worker) { w.upgraded(p.cl, times) })
	}
	p.cl.w.run.plains.Go(p.write)
	code, reason := p.read(in)
	p.shut()
	p.on(func(w *worker) { w.closed(p.cl, code, reason) })
}

// send queues a message.
func (p *plain) send(payload []byte) {
	p.frame(frame.AppendMaskedFrame(nil, frame.OpText, payload, [4]byte{byte(len(payload)), 2, 3, 4}))
}

func (p *plain) frame(f []byte) {
	p.mu.Lock()
	if p.queued+len(f) <= maxQueued || len(p.queue) == 0 {
		p.queue = append(p.queue, f)
		p.queued += len(f)
	}
	p.mu.Unlock()
	p.more.Signal()
}

// write sends what is queued until the end.
func (p *plain) write() {
	w := p.writer(p.conn)
	for {
		p.mu.Lock()
		for len(p.queue) == 0 && !p.ended {
			p.more.Wait()
		}
		if p.ended {
			p.mu.Unlock()
			return
		}
		f := p.queue[0]
		p.queue = p.queue[1:]
		p.queued -= len(f)
		p.mu.Unlock()
		if _, err := w.Write(f); err != nil {
			return // the reader sees why
		}
	}
}

// read hands every message to the worker until the connection ends.
func (p *plain) read(in *bufio.Reader) (code frame.CloseCode, reason string) {
	if p.how == connects || p.how == hesitates {
		_, err := io.Copy(io.Discard, in)
		return frame.CloseAbnormal, text(err)
	}
	for {
		p.waitWhileStalled()
		h, err := ws.ReadHeader(in)
		if err != nil || h.Length > int64(p.cl.w.run.o.MaxMessage) {
			return frame.CloseAbnormal, text(err)
		}
		payload, err := io.ReadAll(io.LimitReader(in, h.Length)) // grows with what comes, not with what is announced
		if err != nil || int64(len(payload)) < h.Length {
			return frame.CloseAbnormal, text(err)
		}
		switch h.OpCode {
		case ws.OpClose:
			return frame.ParseClose(payload)
		case ws.OpPing:
			if p.how != ignores {
				p.frame(frame.AppendMaskedFrame(nil, frame.OpPong, payload, [4]byte{4, 3, 2, 1}))
			}
		case ws.OpText, ws.OpBinary:
			p.show(payload)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (p *plain) waitWhileStalled() {
	p.mu.Lock()
	paused := p.paused
	p.mu.Unlock()
	if paused {
		<-p.stall
	}
}

// pause has the client stop reading.
func (p *plain) pause() {
	p.mu.Lock()
	p.paused = true
	p.mu.Unlock()
}

// show hands a message to the loop, and waits when the loop has many of them.
func (p *plain) show(payload []byte) {
	select {
	case p.shown <- struct{}{}:
	case <-p.over:
		return
	}
	p.on(func(w *worker) {
		<-p.shown
		if p.cl.state != away {
			w.receive(p.cl, payload)
		}
	})
}

// resume has it read again. Once.
func (p *plain) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused {
		p.paused = false
		close(p.stall)
	}
}

// close ends the connection.
func (p *plain) close() {
	p.resume()
	p.shut()
}

func (p *plain) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		close(p.over)
	}
	p.ended = true
	if p.conn != nil {
		_ = p.conn.Close()
	}
	p.more.Broadcast()
}

// endPlains closes the connections of those that misbehave.
func (w *worker) endPlains() {
	for i := range w.clients {
		if p := w.clients[i].plain; p != nil {
			p.close()
		}
	}
}
