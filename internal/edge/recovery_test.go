package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"

	"github.com/throngd/throng/internal/config"
)

// position is the position of a room or a message in a reply.
type position struct {
	Offset uint64 `json:"offset"`
	Epoch  string `json:"epoch"`
}

// result decodes the result of a reply.
func result[T any](t testing.TB, line, method string) (v T) {
	t.Helper()
	var reply map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &reply); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(reply[method], &v); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return v
}

// publish publishes n messages and returns their positions.
func (p *peer) publish(room string, n int) (at []position) {
	p.t.Helper()
	for i := range n {
		p.send(fmt.Sprintf(`{"id":9,"publish":{"channel":%q,"data":%d}}`, room, i))
		at = append(at, result[position](p.t, p.expect(`{"id":9,"publish":{*}}`), "publish"))
	}
	return at
}

func TestRecovery(t *testing.T) {
	_, url := serve(t, nil)
	a, b := connect(t, url, "A"), connect(t, url, "B")
	at := a.publish("r", 3)
	if at[0].Offset >= at[1].Offset || at[1].Offset >= at[2].Offset || at[0].Epoch == "" || at[0].Epoch != at[2].Epoch {
		t.Fatalf("positions %+v", at)
	}
	evicted, epoch, last := at[0], at[0].Epoch, at[2].Offset

	for _, tt := range []struct{ name, request, want string }{
		{"missed two", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"epoch":%q`, at[0].Offset, epoch),
			fmt.Sprintf(`"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true,"publications":[{"data":1,*},{"data":2,*}]}}`, at[0].Offset)},
		{"missed all", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"epoch":%q`, at[0].Offset-1, epoch),
			fmt.Sprintf(`"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true,"publications":[{"data":0,*},{"data":1,*},{"data":2,*}]}}`, at[0].Offset-1)},
		{"missed nothing", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"epoch":%q`, last, epoch),
			fmt.Sprintf(`{"id":2,"subscribe":{"epoch":%q,"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true}}`, epoch, last)},
		{"from the future", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"epoch":%q`, last+100, epoch),
			fmt.Sprintf(`{"id":2,"subscribe":{"epoch":%q,"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true}}`, epoch, last)},
		{"other epoch", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"epoch":"_"`, last),
			fmt.Sprintf(`{"id":2,"subscribe":{"epoch":%q,"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true}}`, epoch, last)},
		{"no epoch", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d`, at[0].Offset),
			fmt.Sprintf(`"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true,"publications":[{"data":1,*},{"data":2,*}]}}`, at[0].Offset)},
		{"an empty epoch", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"epoch":""`, at[1].Offset),
			fmt.Sprintf(`"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true,"publications":[{"data":2,*}]}}`, at[1].Offset)},
		{"neither epoch nor offset", `"recoverable":true,"recover":true,"flag":2`,
			`"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true,"publications":[{"data":0,*},{"data":1,*},{"data":2,*}]}}`},
		{"no epoch, missed nothing", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"flag":2`, last),
			fmt.Sprintf(`{"id":2,"subscribe":{"epoch":%q,"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true}}`, epoch, last)},
		{"no epoch, from the future", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d`, last+100),
			fmt.Sprintf(`{"id":2,"subscribe":{"epoch":%q,"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true}}`, epoch, last)},
		{"no epoch, from the future, reject unrecovered", fmt.Sprintf(`"recoverable":true,"recover":true,"offset":%d,"flag":2`, last+100),
			`{"id":2,"error":{"code":112,"message":"unrecoverable position"}}`},
		{"not asked to be recoverable", fmt.Sprintf(`"recover":true,"offset":%d,"epoch":%q`, at[0].Offset, epoch),
			fmt.Sprintf(`{"id":2,"subscribe":{"epoch":%q,"offset":%d,"was_recovering":true}}`, epoch, last)},
		{"positioned", `"positioned":true`, fmt.Sprintf(`{"id":2,"subscribe":{"epoch":%q,"offset":%d,"positioned":true}}`, epoch, last)},
		{"reject unrecovered", `"recoverable":true,"recover":true,"offset":1,"epoch":"_","flag":3`,
			`{"id":2,"error":{"code":112,"message":"unrecoverable position"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.t = t
			b.send(`{"id":2,"subscribe":{"channel":"r",` + tt.request + `}}`)
			b.expect("*" + tt.want)
			b.send(`{"id":3,"unsubscribe":{"channel":"r"}}`)
			b.expect(`{"id":3,"unsubscribe":{}}`)
		})
	}
	b.t = t
	b.send(`{"id":4,"subscribe":{"channel":"new","recoverable":true,"recover":true,"flag":2}}`) // there was never anything
	b.expect(`{"id":4,"subscribe":{"epoch":"*","offset":*,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true}}`)
	last = a.publish("r", 15)[14].Offset // the history holds 10
	b.send(`{"id":4,"subscribe":{"channel":"r","recoverable":true,"recover":true,"flag":2}}`)
	b.expect(`{"id":4,"error":{"code":112,"message":"unrecoverable position"}}`)
	b.send(fmt.Sprintf(`{"id":4,"subscribe":{"channel":"r","recoverable":true,"recover":true,"offset":%d,"epoch":%q}}`, evicted.Offset, epoch))
	b.expect(fmt.Sprintf(`{"id":4,"subscribe":{"epoch":%q,"offset":%d,"recoverable":true,"positioned":true,"was_recovering":true}}`, epoch, last))
}

func TestIdempotency(t *testing.T) {
	_, url := serve(t, nil)
	a := connect(t, url, "A")
	post := func(room, key string) position {
		a.send(fmt.Sprintf(`{"id":2,"publish":{"channel":%q,"data":1,"idempotency_key":%q}}`, room, key))
		return result[position](t, a.expect(`{"id":2,"publish":{*}}`), "publish")
	}
	first, repeat, other, elsewhere := post("r", "k"), post("r", "k"), post("r", "k2"), post("r2", "k")
	if first != repeat || first == other || first == elsewhere || first.Offset == 0 {
		t.Errorf("first %v, repeat %v, another key %v, another room %v", first, repeat, other, elsewhere)
	}
	a.send(`{"id":3,"history":{"channel":"r","limit":-1}}`)
	h := result[struct{ Publications []json.RawMessage }](t, a.next(), "history")
	if len(h.Publications) != 2 {
		t.Errorf("%d messages are stored", len(h.Publications))
	}
}

// An idempotency key belongs to the user, or to the connection of an anonymous client. Another client with the same key
// publishes a new message.
func TestIdempotencyKeysBelongToTheirPublisher(t *testing.T) {
	_, url := serve(t, nil)
	post := func(p *peer) position {
		p.send(`{"id":2,"publish":{"channel":"r","data":1,"idempotency_key":"1"}}`)
		return result[position](t, p.expect(`{"id":2,"publish":{*}}`), "publish")
	}
	seen := make(map[uint64]string)
	for _, who := range []string{"A", "B", "", ""} {
		at := post(connect(t, url, who)).Offset
		if other, used := seen[at]; used {
			t.Errorf("%q was answered with the message of %q", who, other)
		}
		seen[at] = who
	}
	if at := post(connect(t, url, "A")).Offset; seen[at] != "A" {
		t.Errorf("a retry of A on another connection was stored again, at %d", at)
	}
}

// A client rejoins a room that had no members meanwhile and whose history has expired. Other rooms lost messages, but the
// client missed nothing.
func TestRecoveryInUserLimitedChannel(t *testing.T) {
	e, url := serve(t, func(c *Config) {
		brief := everything()
		brief.HistoryTTL = 50 * time.Millisecond
		c.Channel = config.Channel{WithoutNamespace: brief, Namespaces: []config.Namespace{{Name: "ns", Options: brief}}}
	})
	a, b := connect(t, url, "A"), connect(t, url, "B")
	for _, room := range []string{"user42", "ns:user42"} {
		a.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q,"recoverable":true}}`, room))
		at := result[position](t, a.next(), "subscribe")
		a.send(fmt.Sprintf(`{"id":3,"unsubscribe":{"channel":%q}}`, room))
		a.expect(`{"id":3,"unsubscribe":{}}`)
		for i := range 50 {
			b.publish(fmt.Sprint(room, i), 1)
		}
		eventually(t, "the other rooms are never forgotten", func() bool { return e.Hub().Stats().Rooms == 0 })
		a.send(fmt.Sprintf(`{"id":4,"subscribe":{"channel":%q,"recoverable":true,"recover":true,"offset":%d,"epoch":%q}}`, room, at.Offset, at.Epoch))
		a.expect(`{"id":4,"subscribe":{*"recovered":true}}`)
		a.send(fmt.Sprintf(`{"id":5,"unsubscribe":{"channel":%q}}`, room))
		a.expect(`{"id":5,"unsubscribe":{}}`)
	}
}

// cable is the network of an SDK client, which a test can cut.
type cable struct {
	mu    sync.Mutex
	conns []net.Conn
	down  bool
}

func (c *cable) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return nil, errors.New("the cable is cut")
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

func (c *cable) set(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// TestSDKRecovery cuts the connection of the official Go SDK several times while other clients publish. In the end
// the SDK has received every message once and in order.
func TestSDKRecovery(t *testing.T) {
	_, url := serve(t, func(c *Config) { c.Channel.Namespaces[0].HistorySize = 1000 })
	net := &cable{}
	client := centrifuge.NewJsonClient(url, centrifuge.Config{Token: "sdk", NetDialContext: net.dial})
	defer client.Close()
	sub, err := client.NewSubscription("forced:r")
	if err != nil {
		t.Fatal(err)
	}
	got, joined := make(chan string, 1000), make(chan centrifuge.SubscribedEvent, 10)
	sub.OnPublication(func(e centrifuge.PublicationEvent) { got <- string(e.Data) })
	sub.OnSubscribed(func(e centrifuge.SubscribedEvent) { joined <- e })
	if err := errors.Join(client.Connect(), sub.Subscribe()); err != nil {
		t.Fatal(err)
	}
	if e := receive(t, joined); !e.Recoverable || !e.Positioned || e.StreamPosition == nil || e.StreamPosition.Epoch == "" {
		t.Errorf("subscribed %+v", e)
	}
	writer := connect(t, url, "writer")
	var want []string
	for round := range 3 {
		net.set(true)
		for i := range 20 {
			if i == 15 {
				net.set(false)
			}
			text := fmt.Sprintf(`"%d-%d"`, round, i)
			want = append(want, text)
			writer.send(fmt.Sprintf(`{"id":2,"publish":{"channel":"forced:r","data":%s}}`, text))
			writer.expect(`{"id":2,"publish":{*}}`)
		}
		if e := receive(t, joined); !e.WasRecovering || !e.Recovered {
			t.Errorf("round %d: %+v", round, e)
		}
	}
	var all []string
	for range want {
		all = append(all, receive(t, got))
	}
	if !slices.Equal(all, want) {
		t.Errorf("got  %s\nwant %s", all, want)
	}
}

func receive[T any](t testing.TB, ch chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}
