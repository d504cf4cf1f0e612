package edge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/netpoll"
)

// TestBurstOfHistoriesKeepsMailboxBounded has many clients request a history at once, while their loop is blocked. The replies
// do not fill its mailbox, so no client is refused, and all replies arrive.
func TestBurstOfHistoriesKeepsMailboxBounded(t *testing.T) {
	const askers = 60
	e, url := serve(t, func(c *Config) {
		c.Loops, c.Hub.Shards, c.LoopMailbox, c.Channel.WithoutNamespace.HistorySize = 1, 1, 4<<20, 200
	})
	a := connect(t, url, "A")
	a.fill("r", 130)
	var peers []*peer
	for range askers {
		peers = append(peers, connect(t, url, "B"))
	}
	commands := e.Stats().Commands
	release := holdShard(t, e)
	for _, p := range peers {
		p.send(`{"id":3,"history":{"channel":"r","limit":-1}}`)
	}
	eventually(t, "the commands do not arrive", func() bool { return e.Stats().Commands >= commands+askers })
	out, resume := holdLoop(t, e)
	release()
	eventually(t, "the answers do not come", func() bool { return out.QueuedBytes() > 0 })
	holdShard(t, e)() // the turn with the replies has ended
	if n := out.QueuedBytes(); n == 0 || n > maxAnswerBytes {
		t.Errorf("%d bytes wait for the loop", n)
	}
	resume()
	for i, p := range peers {
		if line := p.next(); !strings.HasPrefix(line, `{"id":3,"history":{"publications":[{`) {
			t.Fatalf("client %d: %.200s", i, line)
		}
	}
	expectNothingHeavy(t, e)
}

// expectNothingHeavy waits until nothing is counted as waiting or as being built on any loop.
func expectNothingHeavy(t *testing.T, e *Edge) {
	t.Helper()
	eventually(t, "commands and answers are still counted", func() bool {
		for _, l := range e.loops {
			left := make(chan bool)
			l.out.Do(func() { left <- l.admission.answers != 0 || l.admission.waiting != 0 || len(l.admission.queue) > 0 })
			if <-left {
				return false
			}
		}
		return true
	})
}

// TestCloseEndsBulkCommands closes connections in every state of a bulk command: at its room, waiting for admission,
// behind other commands. Their share of the limits is free for other connections.
func TestCloseEndsBulkCommands(t *testing.T) {
	e, url := serve(t, func(c *Config) { c.Loops, c.Hub.Shards, c.Channel.WithoutNamespace.HistorySize = 1, 1, 200 })
	a := connect(t, url, "A")
	a.fill("r", 130)
	release := holdShard(t, e)
	commands := e.Stats().Commands
	var peers []*peer
	for range 40 {
		p := connect(t, url, "B")
		p.send(strings.Repeat(`{"id":3,"history":{"channel":"r","limit":-1}}`+"\n", 5))
		peers = append(peers, p)
	}
	eventually(t, "the commands do not arrive", func() bool { return e.Stats().Commands >= commands+40*6 })
	for _, p := range peers {
		_ = p.ws.CloseNow()
	}
	eventually(t, "the connections are still there", func() bool { return e.Stats().Sessions == 1 })
	expectNothingHeavy(t, e)
	release()
	a.send(`{"id":4,"history":{"channel":"r","limit":-1}}`)
	a.expect(`{"id":4,"history":{"publications":[{*`)
	expectNothingHeavy(t, e)
}

// TestBulkCommandsWaitWhileBacklogsAreHigh has a client that reads nothing hold more than three quarters of the memory for
// all backlogs. A long reply is built after that client has been closed, a short one at once.
func TestBulkCommandsWaitWhileBacklogsAreHigh(t *testing.T) {
	const limit = 8 << 20
	e, url := serveOn(t, func(c *Config) { c.Loops = 1 }, func(s *netpoll.Server) { s.MaxBacklogMemory = limit })
	a, b := connect(t, url, "A"), connect(t, url, "B")
	a.publish("r", 2)
	b.send(`{"id":2,"subscribe":{"channel":"own"}}`)
	b.expect(`{"id":2,"subscribe":{*`)
	out := e.loops[0].out
	batch := out.NewBatch()
	batch.Publish(topic("own", 0, false), netpoll.NewBuffer(frame.OpText, make([]byte, limit*15/16)))
	out.Post(batch)
	eventually(t, "nothing waits", func() bool { return e.server.BacklogMemory() > limit*3/4 || e.Stats().Slow > 0 })
	a.send(`{"id":3,"history":{"channel":"r","limit":-1}}` + "\n" + `{"id":4,"ping":{}}`)
	a.expect(`{"id":4,"ping":{}}`)
	a.expect(`{"id":3,"history":{"publications":[{*`)
	if n := e.Stats().Slow; n != 1 {
		t.Errorf("%d clients were closed before the long answer", n)
	}
	expectNothingHeavy(t, e)
}

// TestPublisherWithBacklogIsRefused has a client publish that does not read, while backlogs take more than half of
// their memory: it is answered with 111. A client that reads is not refused.
func TestPublisherWithBacklogIsRefused(t *testing.T) {
	const limit = 8 << 20
	e, url := serveOn(t, func(c *Config) { c.Loops = 1 }, func(s *netpoll.Server) { s.MaxBacklogMemory = limit })
	out := e.loops[0].out
	a := connect(t, url, "A")
	for try := 0; e.Stats().BacklogLimit == 0; try++ {
		if try == 20 { // in each the stalled clients may have been closed before one of them could publish
			t.Fatal("a client that does not read publishes")
		}
		b := connect(t, url, "B")
		for i, name := range []string{"some", "much"} {
			p := []*peer{b, connect(t, url, "C")}[i]
			p.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q}}`, name))
			p.expect(`{"id":2,"subscribe":{*`)
		}
		batch := out.NewBatch()
		batch.Publish(topic("some", 0, false), netpoll.NewBuffer(frame.OpText, make([]byte, limit/8)))
		batch.Publish(topic("much", 0, false), netpoll.NewBuffer(frame.OpText, make([]byte, limit/2)))
		before := e.Stats()
		out.Post(batch)
		eventually(t, "nothing waits", func() bool { return e.server.BacklogMemory() > limit/2 || e.Stats().Slow > before.Slow })
		b.send(`{"id":3,"publish":{"channel":"r","data":1}}`)
		a.publish("r", 1)
		eventually(t, "it is neither refused nor published", func() bool {
			s := e.Stats()
			return s.Commands == before.Commands+2 || s.Slow > before.Slow
		})
	}
}

func TestMayWait(t *testing.T) {
	for _, c := range []struct{ used, waiting, most int }{
		{0, 0, 256}, {maxWaitingBytes / 2, 0, 256}, {maxWaitingBytes * 3 / 4, 0, 128}, {maxWaitingBytes - 1, 0, 1}, {2 * maxWaitingBytes, 0, 1},
	} {
		a := admission{waiting: c.used}
		if !a.mayWait(c.most-1, 256) || a.mayWait(c.most, 256) {
			t.Errorf("%d bytes wait: not %d commands may", c.used, c.most)
		}
	}
}
