package jsonwire

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/throngd/throng/internal/protocol"
)

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "room", `a"b\c`, "\x00\x01\n\r\t\x1f\x7f", "é😀\u2028", "\xffx\xed\xa0\x80", "\x1b[31m"} {
		var back string
		got := AppendString(nil, s)
		if err := json.Unmarshal(got, &back); err != nil || back != strings.ToValidUTF8(s, "\uFFFD") && utf8.ValidString(s) {
			t.Errorf("%q became %s: %q, %v", s, got, back, err)
		}
		if !utf8.Valid(got) {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// TestAppend shows every shape that leaves the server.
func TestAppend(t *testing.T) {
	ann := protocol.ClientInfo{User: "ann", Client: protocol.ClientID{0xab, 15: 1}, ConnInfo: []byte(`{"name":"Ann"}`), ChanInfo: []byte(`1`)}
	bob := protocol.ClientInfo{Client: protocol.ClientID{1}}
	const annJSON = `{"user":"ann","client":"ab000000-0000-0000-0000-000000000001","conn_info":{"name":"Ann"},"chan_info":1}`
	const bobJSON = `{"user":"","client":"01000000-0000-0000-0000-000000000000"}`
	objects := slices.Values([][]byte{[]byte(`{"data":1}`), []byte(`{"data":2}`)})
	push, object, _ := Writer{}.AppendPush([]byte("before"), "c", []byte(`{"a":1}`), &bob, 3, 4)
	server, _, data := Writer{}.AppendPush(nil, `c"`, []byte("[1,\n2]"), nil, 0, 0)
	for _, tt := range []struct{ got, want string }{
		{string(push[len("before"):]), `{"push":{"channel":"c","pub":{"data":{"a":1},"info":` + bobJSON + `,"offset":3,"time":4}}}`},
		{string(object), `{"data":{"a":1},"info":` + bobJSON + `,"offset":3,"time":4}`},
		{string(server), `{"push":{"channel":"c\"","pub":{"data":[1,2]}}}`},
		{string(data), `[1,2]`},
		{string(Writer{}.AppendJoin(nil, "c", &ann)), `{"push":{"channel":"c","join":{"info":` + annJSON + `}}}`},
		{string(Writer{}.AppendLeave(nil, "c", &bob)), `{"push":{"channel":"c","leave":{"info":` + bobJSON + `}}}`},
		{string(Writer{}.AppendUnsubscribe(nil, "c", protocol.UnsubscribeInsufficientState)), `{"push":{"channel":"c","unsubscribe":{"code":2500,"reason":"insufficient state"}}}`},
		{string(Writer{}.AppendEmptyReply(nil, 4, protocol.MethodPing)), `{"id":4,"ping":{}}`},
		{string(Writer{}.AppendError(nil, 4, protocol.ErrTooManyRequests)), `{"id":4,"error":{"code":111,"message":"too many requests","temporary":true}}`},
		{string(Writer{}.AppendError(nil, 4, protocol.ErrPermissionDenied)), `{"id":4,"error":{"code":103,"message":"permission denied"}}`},
		{string(Writer{}.AppendConnect(nil, 1, &protocol.ConnectResult{Client: bob.Client, Version: "throng 1", Ping: 25, Pong: true, Expires: true, TTL: 60, Data: []byte(`{}`)})),
			`{"id":1,"connect":{"client":"01000000-0000-0000-0000-000000000000","version":"throng 1","expires":true,"ttl":60,"data":{},"ping":25,"pong":true}}`},
		{string(Writer{}.AppendSubscribe(nil, 2, &protocol.SubscribeResult{Epoch: "e"}, nil)), `{"id":2,"subscribe":{"epoch":"e","offset":0}}`},
		{string(Writer{}.AppendSubscribe(nil, 2, &protocol.SubscribeResult{Epoch: "e", Offset: 9, Recoverable: true, Positioned: true, WasRecovering: true, Recovered: true}, objects)),
			`{"id":2,"subscribe":{"epoch":"e","offset":9,"recoverable":true,"positioned":true,"was_recovering":true,"recovered":true,"publications":[{"data":1},{"data":2}]}}`},
		{string(Writer{}.AppendPublish(nil, 3, 0, "")), `{"id":3,"publish":{}}`},
		{string(Writer{}.AppendPublish(nil, 3, 12, "e")), `{"id":3,"publish":{"offset":12,"epoch":"e"}}`},
		{string(Writer{}.AppendPresenceStats(nil, 3, 2, 1)), `{"id":3,"presence_stats":{"num_clients":2,"num_users":1}}`},
		{string(Writer{}.AppendPresenceStats(nil, 4294967295, 1234567890, 987654321)), `{"id":4294967295,"presence_stats":{"num_clients":1234567890,"num_users":987654321}}`},
		{string(Writer{}.AppendPublish(nil, 1234567890, 18446744073709551615, "e")), `{"id":1234567890,"publish":{"offset":18446744073709551615,"epoch":"e"}}`},
		{string(Writer{}.AppendHistory(nil, 45, slices.Values([][]byte(nil)), "e", 9876543210, false)), `{"id":45,"history":{"publications":[],"epoch":"e","offset":9876543210}}`},
		{string(Writer{}.AppendPresence(nil, 3, slices.Values([]protocol.ClientInfo(nil)))), `{"id":3,"presence":{"presence":{}}}`},
		{string(Writer{}.AppendPresence(nil, 3, slices.Values([]protocol.ClientInfo{ann, bob}))),
			`{"id":3,"presence":{"presence":{"ab000000-0000-0000-0000-000000000001":` + annJSON + `,"01000000-0000-0000-0000-000000000000":` + bobJSON + `}}}`},
		{string(Writer{}.AppendHistory(nil, 3, objects, "e", 7, false)), `{"id":3,"history":{"publications":[{"data":1},{"data":2}],"epoch":"e","offset":7}}`},
		{string(Writer{}.AppendHistory(nil, 3, slices.Values([][]byte(nil)), "e", 7, true)), `{"id":3,"history":{"publications":[],"epoch":"e","offset":7,"more":true}}`},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %s\nwant %s", tt.got, tt.want)
		}
		if !json.Valid([]byte(tt.got)) {
			t.Errorf("no JSON: %s", tt.got)
		}
	}
}

func TestAppendPushAllocatesNothing(t *testing.T) {
	data, info := []byte(`{"text":"hello"}`), protocol.ClientInfo{User: "u", ConnInfo: []byte(`{"n":1}`), ChanInfo: []byte(`2`)}
	dst := make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() { (Writer{}).AppendPush(dst, "room", data, &info, 1<<53, 1<<50) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	push, object, _ := Writer{}.AppendPush(nil, "room", data, &info, 1<<64-1, 1<<62)
	if len(push) > (Writer{}).PushSize("room", data, &info) {
		t.Errorf("PushSize is too small: %d bytes", len(push))
	}
	if got := (Writer{}).AppendPushObject(nil, "room", object); string(got) != string(push) || len(got) > PushOverhead+len("room")+len(object) {
		t.Errorf("the push of the object is %q, %d bytes", got, len(got))
	}
}
