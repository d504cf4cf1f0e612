package edge

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge-go"
	pb "github.com/centrifugal/protocol"
	"github.com/coder/websocket"

	"github.com/throngd/throng/internal/config"
)

// TestFormIsChosenByQueryAndSubprotocol connects in every way that the SDKs have, and looks at the type of the reply.
func TestFormIsChosenByQueryAndSubprotocol(t *testing.T) {
	_, url := serve(t, nil)
	const json, protobuf = "centrifuge-json", "centrifuge-protobuf"
	for _, c := range []struct {
		query   string
		offered []string
		binary  bool
		echoed  string
	}{
		{"", nil, false, ""},
		{"", []string{json}, false, json},
		{"", []string{protobuf}, true, protobuf},
		{"", []string{"other", protobuf}, true, protobuf},
		{"", []string{"other"}, false, ""},
		{"", []string{json, protobuf}, false, json},
		{"", []string{protobuf, json}, true, protobuf},
		{"?format=protobuf", nil, true, ""},
		{"?cf_protocol=protobuf", nil, true, ""},
		{"?format=json", []string{protobuf}, false, ""},
		{"?format=other", []string{protobuf}, true, protobuf},
		{"?format=%zz&affinity=r", nil, false, ""},
	} {
		p := dialAs(t, url+c.query, c.offered...)
		p.protobuf = c.binary
		if got := p.ws.Subprotocol(); got != c.echoed {
			t.Errorf("%+v: %q is echoed", c, got)
		}
		p.connect("A") // fails on a reply of the other type
	}
}

// TestWebSocketPingsReplaceProtocolPings: a client that requests WebSocket pings gets no pings of the protocol, and the
// connect reply has no ping interval.
func TestWebSocketPingsReplaceProtocolPings(t *testing.T) {
	for _, dial := range []func(testing.TB, string) *peer{dial, dialProtobuf} {
		_, url := serve(t, func(c *Config) { c.PingInterval, c.PongTimeout = 20*time.Millisecond, 10*time.Second })
		p := dial(t, url+"?cf_ws_frame_ping_pong=true")
		p.send(`{"id":1,"connect":{"token":"A"}}`)
		p.expect(`{"id":1,"connect":{"client":"*","version":"throng test"}}`)
		pinged := make(chan struct{}, 100)
		p.ws.CloseNow()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		ws, _, err := websocket.Dial(ctx, url+"?cf_ws_frame_ping_pong=true", &websocket.DialOptions{
			OnPingReceived: func(context.Context, []byte) bool { pinged <- struct{}{}; return true },
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := ws.Write(ctx, websocket.MessageText, []byte(`{"id":1,"connect":{"token":"A"}}`)); err != nil {
			t.Fatal(err)
		}
		_, _, _ = ws.Read(ctx)
		go func() { _, _, _ = ws.Read(ctx) }()
		select {
		case <-pinged:
		case <-ctx.Done():
			t.Error("no ping")
		}
		_ = ws.CloseNow()
		cancel()
	}
}

// TestFramesOfTheOtherTypeEndTheConnection: a frame of the other type is closed with 3506, and bytes that are no message with
// 3501.
func TestFramesOfTheOtherTypeEndTheConnection(t *testing.T) {
	_, url := serve(t, nil)
	for name, c := range map[string]struct {
		dial func(testing.TB, string) *peer
		kind websocket.MessageType
		text string
		want string
	}{
		"text to Protobuf":    {dialProtobuf, websocket.MessageText, `{"id":2,"ping":{}}`, "close 3506 inappropriate protocol"},
		"binary to JSON":      {dial, websocket.MessageBinary, "\x04\x08\x02\x5a\x00", "close 3506 inappropriate protocol"},
		"garbage to Protobuf": {dialProtobuf, websocket.MessageBinary, "\xff\xff\xff", "close 3501 bad request"},
		"JSON to Protobuf":    {dialProtobuf, websocket.MessageBinary, `{"id":2,"ping":{}}`, "close 3501 bad request"},
		"a group":             {dialProtobuf, websocket.MessageBinary, "\x04\x08\x02\x5b\x5c", "close 3501 bad request"},
		"a method, no id":     {dialProtobuf, websocket.MessageBinary, "\x02\x5a\x00", "close 3501 bad request"},
	} {
		p := c.dial(t, url)
		p.connect("A")
		if err := p.ws.Write(t.Context(), c.kind, []byte(c.text)); err != nil {
			t.Fatal(err)
		}
		if got := p.next(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	p := dialProtobuf(t, url)
	p.connect("A")
	p.send("{}") // a pong
	p.send(`{"id":2,"ping":{}}`)
	p.expect(`{"id":2,"ping":{}}`)
}

// sendCommand sends a command that JSON cannot express.
func (p *peer) sendCommand(c *pb.Command) {
	p.t.Helper()
	b, err := c.MarshalCF()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.ws.Write(p.t.Context(), websocket.MessageBinary, append([]byte{byte(len(b))}, b...)); err != nil {
		p.t.Fatal(err)
	}
}

// TestDataOfProtobufClientsMustBeJSON: data of Protobuf clients must be JSON by the rules for JSON clients, without line ends.
func TestDataOfProtobufClientsMustBeJSON(t *testing.T) {
	_, url := serve(t, nil)
	a, b := connect(t, url, "A"), dialProtobuf(t, url)
	b.connect("B")
	a.send(`{"id":2,"subscribe":{"channel":"r"}}`)
	a.expect(`{"id":2,"subscribe":{*`)
	for data, want := range map[string]string{
		"\x00\x01":      `{"id":3,"error":{"code":107,"message":"bad request: data that is not JSON"}}`,
		"":              `{"id":3,"error":{"code":107,"message":"bad request: no data"}}`,
		"{\"a\":1":      `{"id":3,"error":{"code":107,"message":"bad request: data that is not JSON"}}`,
		`{"a":1,"a":1}`: `{"id":3,"error":{"code":107,"message":"bad request: two equal keys in one object"}}`,
	} {
		b.sendCommand(&pb.Command{Id: 3, Publish: &pb.PublishRequest{Channel: "r", Data: []byte(data)}})
		b.expect(want)
	}
	b.sendCommand(&pb.Command{Id: 4, Publish: &pb.PublishRequest{Channel: "r", Data: []byte("{\r\n\"a\": 1}\n")}})
	b.expect(`{"id":4,"publish":{*`)
	a.expect(`{"push":{"channel":"r","pub":{"data":{"a": 1},*`)
	b.sendCommand(&pb.Command{Id: 5, Subscribe: &pb.SubscribeRequest{Channel: "\x00\x01r"}})
	b.expect(`{"id":5,"error":{"code":107,"message":"bad request: \\u0000 in a string"}}`)
	b.sendCommand(&pb.Command{Id: 6, Subscribe: &pb.SubscribeRequest{Channel: "\xff"}})
	b.expect(`{"id":6,"error":{"code":107,"message":"bad request: a field of the wrong type"}}`)
}

// TestBinaryRooms: any bytes go from and to Protobuf clients, and JSON clients cannot use the room.
func TestBinaryRooms(t *testing.T) {
	_, url := serve(t, func(c *Config) {
		o := everything()
		o.PublicationDataFormat = config.DataBinary
		c.Channel.Namespaces = append(c.Channel.Namespaces, config.Namespace{Name: "raw", Options: o})
	})
	a, b := connect(t, url, "A"), dialProtobuf(t, url)
	b.connect("B")
	for _, command := range []string{`"subscribe":{"channel":"raw:r"}`, `"publish":{"channel":"raw:r","data":1}`, `"history":{"channel":"raw:r"}`} {
		a.send(`{"id":2,` + command + `}`)
		a.expect(`{"id":2,"error":{"code":108,"message":"not available"}}`)
	}
	b.sendCommand(&pb.Command{Id: 2, Subscribe: &pb.SubscribeRequest{Channel: "raw:r"}})
	b.expect(`{"id":2,"subscribe":{*`)
	const data = "\x00\xff\n{"
	b.sendCommand(&pb.Command{Id: 3, Publish: &pb.PublishRequest{Channel: "raw:r", Data: []byte(data)}})
	for range 2 { // the push and the reply, in either order
		_, raw, err := b.ws.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r, err := pb.NewProtobufReplyDecoder(raw).Decode(); err != nil || r.Push == nil && r.Publish == nil || r.Push != nil && string(r.Push.Pub.Data) != data {
			t.Errorf("%v %v", r, err)
		}
	}
	b.sendCommand(&pb.Command{Id: 4, History: &pb.HistoryRequest{Channel: "raw:r", Limit: -1}})
	_, raw, err := b.ws.Read(t.Context())
	if r, derr := pb.NewProtobufReplyDecoder(raw).Decode(); err != nil || derr != nil || r.History == nil || string(r.History.Publications[0].Data) != data {
		t.Errorf("%v %v %v", r, err, derr)
	}
}

// TestRecoveryInPagesInBothForms: a client of either form gets all that it missed, once and in order, in several pages.
func TestRecoveryInPagesInBothForms(t *testing.T) {
	_, url := serve(t, func(c *Config) {
		o := everything()
		o.HistorySize, o.ForceRecovery = 100, true
		c.Channel.WithoutNamespace = o
		c.Hub.RecoveryMaxPublications = 7
	})
	a := connect(t, url, "A")
	at := a.publish("r", 50)
	for i, dial := range []func(testing.TB, string) *peer{dial, dialProtobuf} {
		p := dial(t, url)
		p.connect("B")
		p.send(fmt.Sprintf(`{"id":2,"subscribe":{"channel":"r","recover":true,"offset":%d,"epoch":%q}}`, at[0].Offset, at[0].Epoch))
		line := p.expect(`{"id":2,"subscribe":{*"recovered":true,"publications":[*`)
		for n := 1 + strings.Count(line, `{"data":`); n < 50; n++ {
			p.expect(fmt.Sprintf(`{"push":{"channel":"r","pub":{"data":%d,*"offset":%d,*`, n, at[n].Offset))
		}
		a.publish("r", 1)
		p.expect(`{"push":{"channel":"r","pub":{"data":0,*`)
		if i == 0 { // the room is empty again for the other form
			_ = p.ws.Close(websocket.StatusNormalClosure, "")
		}
	}
}

// TestSDKsOfBothFormsShareRooms: both SDKs receive the messages of either one, with the same offsets.
func TestSDKsOfBothFormsShareRooms(t *testing.T) {
	_, url := serve(t, nil)
	type got struct {
		data   string
		offset uint64
		user   string
	}
	clients := map[string]*centrifuge.Client{
		"json": centrifuge.NewJsonClient(url, centrifuge.Config{Token: "json"}), "protobuf": centrifuge.NewProtobufClient(url, centrifuge.Config{Token: "protobuf"}),
	}
	received, subs := map[string]chan got{}, map[string]*centrifuge.Subscription{}
	for name, c := range clients {
		defer c.Close()
		sub, err := c.NewSubscription("r", centrifuge.SubscriptionConfig{Recoverable: true})
		if err != nil {
			t.Fatal(err)
		}
		all, ready := make(chan got, 100), make(chan struct{})
		sub.OnPublication(func(e centrifuge.PublicationEvent) { all <- got{string(e.Data), e.Offset, e.Info.User} })
		sub.OnSubscribed(func(centrifuge.SubscribedEvent) { close(ready) })
		if err := c.Connect(); err != nil {
			t.Fatal(err)
		}
		if err := sub.Subscribe(); err != nil {
			t.Fatal(err)
		}
		<-ready
		received[name], subs[name] = all, sub
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range 20 {
		from := []string{"json", "protobuf"}[i%2]
		text := fmt.Sprintf(`{"n":%d}`, i)
		if _, err := subs[from].Publish(ctx, []byte(text)); err != nil {
			t.Fatal(err)
		}
		a, b := <-received["json"], <-received["protobuf"]
		if a != b || a.data != text || a.user != from {
			t.Errorf("JSON got %+v, Protobuf %+v", a, b)
		}
	}
	for _, name := range []string{"json", "protobuf"} {
		h, err := subs[name].History(ctx, centrifuge.WithHistoryLimit(-1))
		if err != nil || len(h.Publications) != 10 || string(h.Publications[9].Data) != `{"n":19}` {
			t.Errorf("history of %s: %v %v", name, h, err)
		}
		p, err := subs[name].Presence(ctx)
		if err != nil || len(p.Clients) != 2 {
			t.Errorf("presence of %s: %v %v", name, p, err)
		}
	}
}
