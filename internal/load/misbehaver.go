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
	writesSlowly     behaviour = iota // sends one byte at a time
	stopsReading                      // stops reading once it is in its room
	onlyConnects                      // opens the TCP connection and sends nothing
	sendsHalfRequest                  // sends half of the upgrade request
	onlyUpgrades                      // upgrades and sends nothing
	ignoresPings                      // is in its room and answers no ping
	behaviours
)

// String completes the sentence "clients that ...".
func (b behaviour) String() string {
	return [...]string{"sent a byte at a time", "stopped reading", "connected and said nothing", "sent half of the request",
		"upgraded and said nothing", "answered no ping"}[b]
}

// misbehaver is the connection of a client that misbehaves: a blocking socket with two goroutines.
// start, send, pause, resume and close are called on the client's loop.
type misbehaver struct {
	cl  *client
	how behaviour

	mu      sync.Mutex
	conn    net.Conn
	queue   [][]byte // frames to be written
	queued  int      // bytes of queue
	more    *sync.Cond
	ended   bool
	paused  bool
	resumed chan struct{} // closed when a client that stopped reading reads again

	delivering chan struct{} // has an element for each message on its way to the loop
	over       chan struct{} // closed at the end
}

const (
	maxQueued     = 1 << 20 // bytes; a client that writes slowly is pinged faster than it can answer
	maxDelivering = 64      // messages on their way to the loop
)

func newMisbehaver(cl *client, how behaviour) *misbehaver {
	p := &misbehaver{cl: cl, how: how, resumed: make(chan struct{}), delivering: make(chan struct{}, maxDelivering), over: make(chan struct{})}
	p.more = sync.NewCond(&p.mu)
	return p
}

func (p *misbehaver) start(d *netpoll.Dialer) {
	p.cl.w.run.misbehavers.Go(func() { p.run(d) })
}

// onLoop runs f on the client's loop.
func (p *misbehaver) onLoop(f func(w *worker)) { w := p.cl.w; w.loop.Do(func() { f(w) }) }

// run opens the connection and reads it to its end.
func (p *misbehaver) run(d *netpoll.Dialer) {
	in, times, err := p.open(d)
	if err != nil {
		p.closeConn()
		p.onLoop(func(w *worker) { w.openingFailed(p.cl, err) })
		return
	}
	if p.how == onlyConnects || p.how == sendsHalfRequest || p.how == onlyUpgrades {
		p.onLoop(func(w *worker) { w.present(p.cl) })
	} else {
		p.onLoop(func(w *worker) { w.upgraded(p.cl, times) })
	}
	p.cl.w.run.misbehavers.Go(p.write)
	code, reason := p.read(in)
	p.closeConn()
	p.onLoop(func(w *worker) { w.closed(p.cl, code, reason) })
}

// send queues a message.
func (p *misbehaver) send(payload []byte) {
	p.queueFrame(frame.AppendMaskedFrame(nil, frame.OpText, payload, [4]byte{byte(len(payload)), 2, 3, 4}))
}

func (p *misbehaver) queueFrame(f []byte) {
	p.mu.Lock()
	if p.queued+len(f) <= maxQueued || len(p.queue) == 0 {
		p.queue = append(p.queue, f)
		p.queued += len(f)
	}
	p.mu.Unlock()
	p.more.Signal()
}

// write writes the queued frames until the end.
func (p *misbehaver) write() {
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
			return // the reader gets the error too, and reports it
		}
	}
}

// read delivers every message to the worker until the connection ends.
func (p *misbehaver) read(in *bufio.Reader) (code frame.CloseCode, reason string) {
	if p.how == onlyConnects || p.how == sendsHalfRequest {
		_, err := io.Copy(io.Discard, in)
		return frame.CloseAbnormal, text(err)
	}
	for {
		p.waitWhilePaused()
		h, err := ws.ReadHeader(in)
		if err != nil || h.Length > int64(p.cl.w.run.o.MaxMessage) {
			return frame.CloseAbnormal, text(err)
		}
		payload, err := io.ReadAll(io.LimitReader(in, h.Length)) // allocates for what arrives, not for what is announced
		if err != nil || int64(len(payload)) < h.Length {
			return frame.CloseAbnormal, text(err)
		}
		switch h.OpCode {
		case ws.OpClose:
			return frame.ParseClose(payload)
		case ws.OpPing:
			if p.how != ignoresPings {
				p.queueFrame(frame.AppendMaskedFrame(nil, frame.OpPong, payload, [4]byte{4, 3, 2, 1}))
			}
		case ws.OpText, ws.OpBinary:
			p.deliver(payload)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// deliver hands a message to the loop. It waits while the loop has maxDelivering of them.
func (p *misbehaver) deliver(payload []byte) {
	select {
	case p.delivering <- struct{}{}:
	case <-p.over:
		return
	}
	p.onLoop(func(w *worker) {
		<-p.delivering
		if p.cl.state != closed {
			w.receive(p.cl, payload)
		}
	})
}

func (p *misbehaver) waitWhilePaused() {
	p.mu.Lock()
	paused := p.paused
	p.mu.Unlock()
	if paused {
		<-p.resumed
	}
}

// pause has the client stop reading.
func (p *misbehaver) pause() {
	p.mu.Lock()
	p.paused = true
	p.mu.Unlock()
}

// resume has it read again, for good.
func (p *misbehaver) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused {
		p.paused = false
		close(p.resumed)
	}
}

// close ends the connection.
func (p *misbehaver) close() {
	p.resume()
	p.closeConn()
}

func (p *misbehaver) closeConn() {
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

// closeMisbehavers closes the connections of the clients that misbehave.
func (w *worker) closeMisbehavers() {
	for i := range w.clients {
		if p := w.clients[i].bad; p != nil {
			p.close()
		}
	}
}
