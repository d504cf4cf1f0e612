package edge

import (
	"strings"
	"sync"
	"testing"

	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// holdShard keeps the only shard from its mailbox until release is called.
func holdShard(t *testing.T, e *Edge) (release func()) {
	t.Helper()
	shard, entered := make(chan bool), make(chan bool)
	err := e.Hub().Submit(room.Command{
		Op: room.History, Room: "nobody's", Options: &room.Options{HistorySize: 1},
		Done: func(room.Answer) { close(entered); <-shard },
	})
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	release = sync.OnceFunc(func() { close(shard) })
	t.Cleanup(release)
	return release
}

// holdLoop keeps the only loop from its sockets and its mailbox until resume is called.
func holdLoop(t *testing.T, e *Edge) (out *netpoll.Loop, resume func()) {
	t.Helper()
	out = e.loops[0].out
	loop, held := make(chan bool), make(chan bool)
	out.Do(func() { close(held); <-loop })
	<-held
	resume = sync.OnceFunc(func() { close(loop) })
	t.Cleanup(resume)
	return out, resume
}

// TestAnswersOfOneTurnArePostedInParts: a shard has many long replies in one turn while their loop is blocked. The bytes
// posted to the loop are bounded by LoopMailbox and one batch, not by the number of requests.
func TestAnswersOfOneTurnArePostedInParts(t *testing.T) {
	const askers, mailbox = 16, 256 << 10 // as many as are admitted at once
	e, url := serve(t, func(c *Config) {
		c.Loops, c.Hub.Shards, c.LoopMailbox, c.Channel.WithoutNamespace.HistorySize = 1, 1, mailbox, 200
	})
	a := connect(t, url, "A")
	a.fill("r", 130)
	var peers []*peer
	for range askers {
		peers = append(peers, connect(t, url, "B"))
	}
	release := holdShard(t, e)
	for _, p := range peers {
		p.send(`{"id":3,"history":{"channel":"r","limit":-1}}`)
	}
	eventually(t, "the commands do not arrive", func() bool { return e.Hub().Stats().Waiting >= askers })
	out, resume := holdLoop(t, e)
	release()
	eventually(t, "nothing is refused", func() bool { return e.Hub().Stats().Waiting == 0 && e.Stats().Errors > 0 })
	queued := out.QueuedBytes()
	resume()

	answered, refused, longest := 0, 0, 0
	for _, p := range peers {
		line := p.next()
		switch longest = max(longest, len(line)); {
		case strings.HasPrefix(line, `{"id":3,"history":{"publications":[{`):
			answered++
		case strings.HasPrefix(line, `{"id":3,"error":{"code":111,`):
			refused++
		default:
			t.Fatalf("%.200s", line)
		}
	}
	if most := int64(mailbox + deliverySize + 2*longest); queued > most || answered == 0 || answered+refused != askers {
		t.Errorf("%d bytes waited for the loop, want at most %d; %d answered, %d refused", queued, most, answered, refused)
	}
}
