package edge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// fill puts n messages of about 1 KB into a room.
func (p *peer) fill(room string, n int) {
	p.t.Helper()
	text := strings.Repeat("x", 900)
	for range n {
		p.send(fmt.Sprintf(`{"id":2,"publish":{"channel":%q,"data":%q}}`, room, text))
		p.expect(`{"id":2,"publish":{*}}`)
	}
}

// TestHistoriesInOneFrameAreAnsweredInOrder: many histories in one frame are answered in order or with 111, and the
// connection is not disconnected as slow.
func TestHistoriesInOneFrameAreAnsweredInOrder(t *testing.T) {
	e, url := serve(t, func(c *Config) {
		c.MaxBacklog, c.Channel.WithoutNamespace.HistorySize = 128<<10, 200
		c.Hub.HistoryMaxBytes = 64 << 10
	})
	p := connect(t, url, "A")
	p.fill("r", 40)
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, `{"id":%d,"history":{"channel":"r","limit":-1}}`+"\n", i+10)
	}
	p.send(b.String())
	time.Sleep(300 * time.Millisecond) // a client that reads late: the kernel's buffers do not hold 10 MB
	answered, refused := 0, 0
	for range 400 {
		switch line := p.next(); {
		case strings.Contains(line, `"error":{"code":111`):
			refused++
		case strings.HasPrefix(line, fmt.Sprintf(`{"id":%d,"history":{"publications":[{`, answered+10)):
			answered++
		default:
			t.Fatalf("%.200s", line)
		}
	}
	if answered != e.settings().waiting+1 || refused != 400-answered || e.Stats().Slow != 0 || e.Stats().WaitingLimit != int64(refused) {
		t.Errorf("%d answered, %d refused, %+v", answered, refused, e.Stats())
	}
}

// TestRecoveryInManyRoomsIsNotSlow: a client recovers in rooms with more missed bytes than its backlog may have.
func TestRecoveryInManyRoomsIsNotSlow(t *testing.T) {
	_, url := serve(t, func(c *Config) {
		c.MaxBacklog, c.Channel.WithoutNamespace.HistorySize = 128<<10, 200
		c.Hub.RecoveryMaxBytes, c.Hub.HistoryMaxBytes = 64<<10, 64<<10
	})
	a := connect(t, url, "A")
	var b strings.Builder
	for i := range 8 {
		room := fmt.Sprintf("r%d", i)
		at := a.publish(room, 1)[0]
		a.fill(room, 50)
		fmt.Fprintf(&b, `{"id":%d,"subscribe":{"channel":%q,"recoverable":true,"recover":true,"offset":%d,"epoch":%q}}`+"\n",
			i+10, room, at.Offset, at.Epoch)
	}
	p := connect(t, url, "B")
	p.send(b.String() + `{"id":99,"unsubscribe":{"channel":"r7"}}`)
	p.expect(`{"id":17,"error":{"code":111,"message":"too many requests","temporary":true}}`) // its join had not begun
	p.expect(`{"id":99,"unsubscribe":{}}`)
	for i := range 7 {
		line := p.expect(fmt.Sprintf(`{"id":%d,"subscribe":{*"recovered":true,*}}`, i+10))
		if n := strings.Count(line, `{"data":`); n != 50 {
			t.Errorf("room %d: %d messages", i, n)
		}
	}
	p.send(`{"id":3,"publish":{"channel":"r6","data":1}}`)
	p.find(`{"push":{"channel":"r6","pub":{"data":1,*`)
}

// TestAnswerWithoutMailboxSpaceIsRefused has a shard find its answers when the loop has no room for them: they are refused, and the join among
// them is undone.
func TestAnswerWithoutMailboxSpaceIsRefused(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.Loops, c.Hub.Shards, c.LoopMailbox = 1, 1, 1 })
	a := connect(t, url, "A")
	at := a.publish("r", 2)[0]
	b := connect(t, url, "B")

	release := holdShard(t, e)
	a.send(`{"id":3,"history":{"channel":"r","limit":-1}}`)
	b.send(fmt.Sprintf(`{"id":4,"subscribe":{"channel":"r","recoverable":true,"recover":true,"offset":%d,"epoch":%q}}`, at.Offset, at.Epoch))
	eventually(t, "the commands do not arrive", func() bool { return e.Hub().Stats().Waiting >= 2 })

	out, loop := e.loops[0].out, make(chan bool)
	out.Do(func() { <-loop })
	full := out.NewBatch()
	full.Send(1, netpoll.NewBuffer(frame.OpText, []byte("to nobody")))
	out.Post(full)
	errors := e.Stats().Errors
	release()
	eventually(t, "nothing is refused", func() bool { return e.Stats().Errors == errors+2 })
	close(loop)
	a.expect(`{"id":3,"error":{"code":111,*`)
	b.expect(`{"id":4,"error":{"code":111,*`)
	eventually(t, "the join is not undone", func() bool { return e.Hub().Stats().Members == 0 })
	b.send(`{"id":5,"subscribe":{"channel":"r"}}`)
	b.expect(`{"id":5,"subscribe":{*`)
	b.send(`{"id":6,"publish":{"channel":"r","data":7}}`)
	b.find(`{"push":{"channel":"r","pub":{"data":7,*`)
}
