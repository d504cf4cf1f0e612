package pbwire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	pb "github.com/centrifugal/protocol"

	"github.com/throngd/throng/internal/protocol"
)

var (
	someID   = protocol.ClientID{1, 2, 3, 15: 255}
	someInfo = protocol.ClientInfo{User: "ana", Client: someID, ConnInfo: []byte(`{"name":"Ana"}`), ChanInfo: []byte(`1`)}
	pbInfo   = &pb.ClientInfo{User: "ana", Client: someID.String(), ConnInfo: []byte(`{"name":"Ana"}`), ChanInfo: []byte(`1`)}
	longText = strings.Repeat("long", 5000)
)

// framed returns a Reply as the module encodes it, behind its length.
func framed(t *testing.T, r *pb.Reply) []byte {
	t.Helper()
	b, err := r.MarshalCF()
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.AppendUvarint(nil, uint64(len(b))), b...)
}

// TestRepliesAsTheModuleEncodesThem compares every reply and push with the bytes of the protocol's own module.
func TestRepliesAsTheModuleEncodesThem(t *testing.T) {
	prefix := []byte("before")
	for name, c := range map[string]struct {
		got  []byte
		want *pb.Reply
	}{
		"unsubscribe": {Writer{}.AppendEmptyReply(prefix, 7, protocol.MethodUnsubscribe), &pb.Reply{Id: 7, Unsubscribe: &pb.UnsubscribeResult{}}},
		"ping":        {Writer{}.AppendEmptyReply(prefix, 1<<32-1, protocol.MethodPing), &pb.Reply{Id: 1<<32 - 1, Ping: &pb.PingResult{}}},
		"error": {
			Writer{}.AppendError(prefix, 300, protocol.ErrTooManyRequests),
			&pb.Reply{Id: 300, Error: &pb.Error{Code: 111, Message: protocol.ErrTooManyRequests.Message, Temporary: true}},
		},
		"permanent error": {
			Writer{}.AppendError(prefix, 1, protocol.ErrPermissionDenied),
			&pb.Reply{Id: 1, Error: &pb.Error{Code: 103, Message: protocol.ErrPermissionDenied.Message}},
		},
		"connect": {
			Writer{}.AppendConnect(prefix, 1, &protocol.ConnectResult{Client: someID, Version: "v1", Expires: true, TTL: 300, Data: []byte(`{}`), Ping: 25, Pong: true}),
			&pb.Reply{Id: 1, Connect: &pb.ConnectResult{Client: someID.String(), Version: "v1", Expires: true, Ttl: 300, Data: []byte(`{}`), Ping: 25, Pong: true}},
		},
		"connect, the least": {Writer{}.AppendConnect(prefix, 1, &protocol.ConnectResult{Client: someID}), &pb.Reply{Id: 1, Connect: &pb.ConnectResult{Client: someID.String()}}},
		"refresh": {
			Writer{}.AppendRefresh(prefix, 2, &protocol.ConnectResult{Client: someID, Version: "v1", Expires: true, TTL: 1 << 31}),
			&pb.Reply{Id: 2, Refresh: &pb.RefreshResult{Client: someID.String(), Version: "v1", Expires: true, Ttl: 1 << 31}},
		},
		"subscribe": {
			Writer{}.AppendSubscribe(prefix, 3, &protocol.SubscribeResult{Recoverable: true, Positioned: true, Recovered: true, WasRecovering: true, Epoch: "e", Offset: 1 << 52}, slices.Values([][]byte{publication(t, longText), publication(t, "1")})),
			&pb.Reply{Id: 3, Subscribe: &pb.SubscribeResult{
				Recoverable: true, Positioned: true, Recovered: true, WasRecovering: true, Epoch: "e", Offset: 1 << 52,
				Publications: []*pb.Publication{pbPublication(longText), pbPublication("1")},
			}},
		},
		"subscribe, the least": {Writer{}.AppendSubscribe(prefix, 3, &protocol.SubscribeResult{}, nil), &pb.Reply{Id: 3, Subscribe: &pb.SubscribeResult{}}},
		"publish":              {Writer{}.AppendPublish(prefix, 4, 0, "e"), &pb.Reply{Id: 4, Publish: &pb.PublishResult{}}},
		"presence stats":       {Writer{}.AppendPresenceStats(prefix, 5, 1000, 0), &pb.Reply{Id: 5, PresenceStats: &pb.PresenceStatsResult{NumClients: 1000}}},
		"presence": {
			Writer{}.AppendPresence(prefix, 6, slices.Values([]protocol.ClientInfo{someInfo})),
			&pb.Reply{Id: 6, Presence: &pb.PresenceResult{Presence: map[string]*pb.ClientInfo{someID.String(): pbInfo}}},
		},
		"presence of nobody": {Writer{}.AppendPresence(prefix, 6, slices.Values([]protocol.ClientInfo{})), &pb.Reply{Id: 6, Presence: &pb.PresenceResult{}}},
		"history": {
			Writer{}.AppendHistory(prefix, 8, slices.Values([][]byte{publication(t, "1"), publication(t, longText)}), "epoch", 9, false),
			&pb.Reply{Id: 8, History: &pb.HistoryResult{Publications: []*pb.Publication{pbPublication("1"), pbPublication(longText)}, Epoch: "epoch", Offset: 9}},
		},
		"push": {push(prefix, "room", longText, &someInfo), &pb.Reply{Push: &pb.Push{Channel: "room", Pub: pbPublication(longText)}}},
		"push by the server": {
			push(prefix, longText, "1", nil),
			&pb.Reply{Push: &pb.Push{Channel: longText, Pub: &pb.Publication{Data: []byte("1"), Offset: 12, Time: 1700000000000}}},
		},
		"push of an encoded publication": {Writer{}.AppendPushObject(prefix, "room", publication(t, longText)), &pb.Reply{Push: &pb.Push{Channel: "room", Pub: pbPublication(longText)}}},
		"join":                           {Writer{}.AppendJoin(prefix, "room", &someInfo), &pb.Reply{Push: &pb.Push{Channel: "room", Join: &pb.Join{Info: pbInfo}}}},
		"leave":                          {Writer{}.AppendLeave(prefix, longText, &someInfo), &pb.Reply{Push: &pb.Push{Channel: longText, Leave: &pb.Leave{Info: pbInfo}}}},
		"unsubscribe push": {
			Writer{}.AppendUnsubscribe(prefix, "room", protocol.UnsubscribeInsufficientState),
			&pb.Reply{Push: &pb.Push{Channel: "room", Unsubscribe: &pb.Unsubscribe{Code: 2500, Reason: protocol.UnsubscribeInsufficientState.Reason}}},
		},
		"dropped": {Writer{}.AppendDropped(prefix, `"`, 3), &pb.Reply{Push: &pb.Push{Channel: `"`, Message: &pb.Message{Data: []byte(`{"dropped":3,"channel":"\""}`)}}}},
	} {
		if want := framed(t, c.want); !bytes.HasPrefix(c.got, prefix) || !bytes.Equal(c.got[len(prefix):], want) {
			t.Errorf("%s:\n%.200q\nthe module:\n%.200q", name, c.got, want)
		}
	}
}

func push(dst []byte, channel, data string, info *protocol.ClientInfo) []byte {
	dst, _, _ = Writer{}.AppendPush(dst, channel, []byte(data), info, 12, 1700000000000)
	return dst
}

func publication(t *testing.T, data string) []byte {
	t.Helper()
	all, object, raw := Writer{}.AppendPush(nil, "any", []byte(data), &someInfo, 12, 1700000000000)
	if size := (Writer{}).PushSize("any", []byte(data), &someInfo); len(all) > size {
		t.Errorf("a push of %d bytes, PushSize %d", len(all), size)
	}
	if grown := (Writer{}).AppendPushObject(nil, "any", object); len(grown) > len("any")+len(object)+PushOverhead {
		t.Errorf("AppendPushObject adds %d bytes, PushOverhead %d", len(grown)-len("any")-len(object), PushOverhead)
	}
	if string(raw) != data {
		t.Errorf("the data of the push is %.20q", raw)
	}
	return object
}

func pbPublication(data string) *pb.Publication {
	return &pb.Publication{Data: []byte(data), Info: pbInfo, Offset: 12, Time: 1700000000000}
}

// TestAdditionsAreSkippedByOthers: the module, which does not know throng's fields, reads the rest.
func TestAdditionsAreSkippedByOthers(t *testing.T) {
	frame := Writer{}.AppendPublish(nil, 4, 17, "e")
	frame = Writer{}.AppendHistory(frame, 5, slices.Values([][]byte{publication(t, "1")}), "e", 12, true)
	d := pb.NewProtobufReplyDecoder(frame)
	r, err := d.Decode()
	if err != nil || r.Id != 4 || r.Publish == nil {
		t.Errorf("%v %v", r, err)
	}
	if r, err = d.Decode(); err != nil || r.History == nil || r.History.Offset != 12 || len(r.History.Publications) != 1 {
		t.Errorf("%v %v", r, err)
	}
}

func BenchmarkAppendPush(b *testing.B) {
	data, dst := bytes.Repeat([]byte("x"), 100), make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		dst, _, _ = Writer{}.AppendPush(dst[:0], "lobby", data, &someInfo, 1234567, 1700000000000)
	}
}
