package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
)

// big sets a backlog limit far below the size of a room's history. No ping is due during a test: a busy machine may take
// longer than the default interval for 20 MB.
func big(c *Config) {
	c.PingInterval = 5 * time.Minute
	c.MaxBacklog, c.Channel.WithoutNamespace.HistorySize = 256<<10, 400
	c.Hub.RecoveryMaxBytes, c.Hub.HistoryMaxBytes = 128<<10, 128<<10
	c.Hub.RoomBytes, c.Hub.PublisherBytes = 64<<20, 64<<20
}

// write publishes n messages of about size bytes, numbered from first.
func (p *peer) write(room string, first, n, size int) (at []position) {
	p.t.Helper()
	text := strings.Repeat("x", size)
	for i := range n {
		p.send(fmt.Sprintf(`{"id":2,"publish":{"channel":%q,"data":{"n":%d,"text":%q}}}`, room, first+i, text))
		at = append(at, result[position](p.t, p.expect(`{"id":2,"publish":{*}}`), "publish"))
	}
	return at
}

func (p *peer) resume(id int, room string, at position) {
	p.send(fmt.Sprintf(`{"id":%d,"subscribe":{"channel":%q,"recoverable":true,"recover":true,"offset":%d,"epoch":%q}}`, id, room, at.Offset, at.Epoch))
}

type numbered struct {
	Data struct{ N int }
}

// numbers reads lines until the message last and returns the numbers of all messages, in order of arrival.
func (p *peer) numbers(last int) (got []int) {
	p.t.Helper()
	for {
		line := p.next()
		var l struct {
			Subscribe *struct{ Publications []numbered }
			Push      *struct{ Pub *numbered }
		}
		if json.Unmarshal([]byte(line), &l) != nil {
			p.t.Fatalf("%.200s after %d messages", line, len(got))
		}
		switch {
		case l.Subscribe != nil:
			for _, pub := range l.Subscribe.Publications {
				got = append(got, pub.Data.N)
			}
		case l.Push != nil && l.Push.Pub != nil:
			got = append(got, l.Push.Pub.Data.N)
		case l.Push == nil:
			p.t.Fatalf("%.200s after %d messages", line, len(got))
		}
		if len(got) > 0 && got[len(got)-1] == last {
			return got
		}
	}
}

func counted(from, to int) (all []int) {
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}

// TestRecoveryInPages recovers 20 MB on a connection with a backlog of at most 256 KiB, which reads late. All messages
// arrive in order, including those published meanwhile, and the backlog stays within its limit.
func TestRecoveryInPages(t *testing.T) {
	e, url := serve(t, big)
	a, b := connect(t, url, "A"), connect(t, url, "B")
	at := a.write("r", 0, 350, 60_000)
	b.resume(5, "r", at[0])
	eventually(t, "nothing waits for the reader", func() bool { return e.server.Stats().Backlog > 0 })
	if n := e.server.Stats().Backlog; n > 256<<10 {
		t.Errorf("%d bytes wait", n)
	}
	if n := e.Hub().Stats().Members; n != 0 {
		t.Errorf("%d members: it has not caught up", n)
	}
	a.write("r", 350, 20, 60_000)
	if got := b.numbers(369); !slices.Equal(got, counted(1, 369)) {
		t.Errorf("got %v", got)
	}
	a.write("r", 370, 1, 10)
	b.expect(`{"push":{"channel":"r","pub":{"data":{"n":370,*`)
	if s := e.Stats(); s.Slow+s.Insufficient != 0 {
		t.Errorf("%+v", s)
	}
}

// TestHistoryBehindPages: the reply to a history of limit 0 comes after all pages of a recovery, so that a client knows when
// it has received all missed messages.
func TestHistoryBehindPages(t *testing.T) {
	_, url := serve(t, big)
	a, b := connect(t, url, "A"), connect(t, url, "B")
	at := a.write("r", 0, 350, 60_000)
	b.resume(5, "r", at[0])
	b.send(`{"id":6,"history":{"channel":"r"}}`)
	if got := b.numbers(349); !slices.Equal(got, counted(1, 349)) {
		t.Errorf("got %v", got)
	}
	b.expect(`{"id":6,"history":{*}}`)
}

// TestEvictedPagesEndTheRecovery evicts the history while a client reads its pages late. The client is unsubscribed; the
// next subscribe has recovered:false.
func TestEvictedPagesEndTheRecovery(t *testing.T) {
	e, url := serve(t, big)
	a, b := connect(t, url, "A"), connect(t, url, "B")
	at := a.write("r", 0, 350, 60_000)
	b.resume(5, "r", at[0])
	eventually(t, "nothing waits for the reader", func() bool { return e.server.Stats().Backlog > 0 })
	a.write("r", 350, 400, 10)
	for seen := 0; ; {
		line := b.next()
		if strings.HasPrefix(line, `{"push":{"channel":"r","unsubscribe":{"code":2500,`) {
			if seen == 0 {
				t.Error("no page came before")
			}
			break
		}
		if !strings.HasPrefix(line, `{"push":{"channel":"r","pub"`) && !strings.HasPrefix(line, `{"id":5,"subscribe"`) {
			t.Fatalf("%.200s", line)
		}
		seen++
	}
	b.resume(6, "r", at[0])
	if line := b.expect(`{"id":6,"subscribe":{*"was_recovering":true*`); strings.Contains(line, `"recovered":true`) {
		t.Errorf("%.200s", line)
	}
}

// TestLeaveEndsTheRecovery: after an unsubscribe no more pages come, and the room can be joined again.
func TestLeaveEndsTheRecovery(t *testing.T) {
	e, url := serve(t, big)
	a, b := connect(t, url, "A"), connect(t, url, "B")
	at := a.write("r", 0, 350, 60_000)
	b.resume(5, "r", at[0])
	eventually(t, "nothing waits for the reader", func() bool { return e.server.Stats().Backlog > 0 })
	b.send(`{"id":6,"unsubscribe":{"channel":"r"}}`)
	b.until(`{"id":6,"unsubscribe":{}}`)
	b.send(`{"id":7,"subscribe":{"channel":"r"}}`)
	b.expect(`{"id":7,"subscribe":{*`)
	a.write("r", 350, 1, 10)
	b.expect(`{"push":{"channel":"r","pub":{"data":{"n":350,*`)
	if n := e.Hub().Stats().Members; n != 1 {
		t.Errorf("%d members", n)
	}
}

// TestSDKRecoveryInPages is the same with the official Go SDK, whose connection is cut in the middle of its pages.
func TestSDKRecoveryInPages(t *testing.T) {
	_, url := serve(t, func(c *Config) {
		big(c)
		c.Channel.Namespaces[0].HistorySize = 10_000
	})
	net := &cable{}
	client := centrifuge.NewJsonClient(url, centrifuge.Config{Token: "sdk", NetDialContext: net.dial})
	defer client.Close()
	sub, err := client.NewSubscription("forced:r")
	if err != nil {
		t.Fatal(err)
	}
	got, joined := make(chan int, 10_000), make(chan centrifuge.SubscribedEvent, 10)
	seen := 0
	sub.OnPublication(func(e centrifuge.PublicationEvent) {
		var d struct{ N int }
		if json.Unmarshal(e.Data, &d) == nil {
			got <- d.N
		}
		if seen++; seen == 700 {
			go func() { net.set(true); net.set(false) }()
		}
	})
	sub.OnSubscribed(func(e centrifuge.SubscribedEvent) { joined <- e })
	if err := errors.Join(client.Connect(), sub.Subscribe()); err != nil {
		t.Fatal(err)
	}
	receive(t, joined)
	writer := connect(t, url, "writer")
	net.set(true)
	writer.write("forced:r", 0, 2000, 2000)
	net.set(false)
	for range 2 { // it reconnects twice: its connection is cut again
		if e := receive(t, joined); !e.WasRecovering || !e.Recovered {
			t.Errorf("%+v", e)
		}
	}
	for want := range 2000 {
		if n := receive(t, got); n != want {
			t.Fatalf("%d instead of %d", n, want)
		}
	}
}
