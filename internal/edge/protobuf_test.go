package edge

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	pb "github.com/centrifugal/protocol"
	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
	"github.com/throngd/throng/internal/protocol/pbwire"
)

// dialProtobuf is dial for a peer that speaks Protobuf. Its tests are written in JSON: commands are translated by the
// protocol's own module, and replies into the text that the server would have sent in JSON.
func dialProtobuf(t testing.TB, url string) *peer {
	t.Helper()
	p := dialAs(t, url, "centrifuge-protobuf")
	p.protobuf = true
	return p
}

// dialAs dials and offers a subprotocol.
func dialAs(t testing.TB, url string, subprotocols ...string) *peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: subprotocols, HTTPHeader: http.Header{"X-User": {"zoe"}}})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &peer{t: t, ws: ws}
}

// protobufCommands translates a frame of JSON commands.
func protobufCommands(frame string) (out []byte, err error) {
	for line := range strings.SplitSeq(frame, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		cmd, err := pb.NewJSONCommandDecoder([]byte(line)).Decode()
		if cmd == nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		var b []byte
		if cmd.Publish == nil {
			b, err = cmd.MarshalCF()
		} else {
			b, err = publishCommand(cmd, line)
		}
		if err != nil {
			return nil, err
		}
		out = append(binary.AppendUvarint(out, uint64(len(b))), b...)
	}
	return out, nil
}

// publishCommand encodes a publish, with the idempotency key that the module does not know.
func publishCommand(cmd *pb.Command, line string) ([]byte, error) {
	var extra struct {
		Publish struct {
			Key string `json:"idempotency_key"`
		}
	}
	if err := json.Unmarshal([]byte(line), &extra); err != nil {
		return nil, err
	}
	req, err := cmd.Publish.MarshalCF()
	if key := extra.Publish.Key; key != "" {
		req = protowire.AppendString(protowire.AppendTag(req, pbwire.FieldIdempotencyKey, protowire.BytesType), key)
	}
	var b []byte
	if cmd.Id != 0 {
		b = protowire.AppendVarint(protowire.AppendTag(b, 1, protowire.VarintType), uint64(cmd.Id))
	}
	return protowire.AppendBytes(protowire.AppendTag(b, 7, protowire.BytesType), req), err
}

// jsonReplies translates a frame of Protobuf replies into lines of JSON.
func jsonReplies(t testing.TB, frame []byte) (lines []string) {
	t.Helper()
	for len(frame) > 0 {
		message, n := protowire.ConsumeBytes(frame)
		if n < 0 {
			t.Fatalf("no message: %q", frame)
		}
		frame = frame[n:]
		var r pb.Reply
		if err := r.UnmarshalCF(message); err != nil {
			t.Fatalf("%q: %v", message, err)
		}
		lines = append(lines, string(jsonReply(t, &r, message)))
	}
	return lines
}

func jsonReply(t testing.TB, r *pb.Reply, message []byte) []byte {
	w := jsonwire.Writer{}
	switch {
	case r.Push != nil:
		return jsonPush(t, r.Push)
	case r.Error != nil:
		return w.AppendError(nil, r.Id, &protocol.Error{Code: r.Error.Code, Message: r.Error.Message, Temporary: r.Error.Temporary})
	case r.Connect != nil:
		c := r.Connect
		return w.AppendConnect(nil, r.Id, &protocol.ConnectResult{
			Client: idOf(t, c.Client), Version: c.Version, Expires: c.Expires, TTL: c.Ttl, Data: c.Data, Ping: c.Ping, Pong: c.Pong,
		})
	case r.Refresh != nil:
		c := r.Refresh
		return w.AppendRefresh(nil, r.Id, &protocol.ConnectResult{Client: idOf(t, c.Client), Version: c.Version, Expires: c.Expires, TTL: c.Ttl})
	case r.Subscribe != nil:
		s := r.Subscribe
		res := protocol.SubscribeResult{
			Recoverable: s.Recoverable, Positioned: s.Positioned, Recovered: s.Recovered, WasRecovering: s.WasRecovering, Epoch: s.Epoch, Offset: s.Offset,
		}
		if s.Publications == nil {
			return w.AppendSubscribe(nil, r.Id, &res, nil)
		}
		return w.AppendSubscribe(nil, r.Id, &res, slices.Values(jsonPublications(t, s.Publications)))
	case r.Unsubscribe != nil:
		return w.AppendEmptyReply(nil, r.Id, protocol.MethodUnsubscribe)
	case r.Ping != nil:
		return w.AppendEmptyReply(nil, r.Id, protocol.MethodPing)
	case r.Publish != nil:
		offset, epoch := additions(message, 8)
		return w.AppendPublish(nil, r.Id, offset, epoch)
	case r.PresenceStats != nil:
		return w.AppendPresenceStats(nil, r.Id, int(r.PresenceStats.NumClients), int(r.PresenceStats.NumUsers))
	case r.Presence != nil:
		var infos []protocol.ClientInfo
		for _, id := range slices.Sorted(maps.Keys(r.Presence.Presence)) {
			infos = append(infos, *clientInfoOf(t, r.Presence.Presence[id]))
		}
		return w.AppendPresence(nil, r.Id, slices.Values(infos))
	case r.History != nil:
		more, _ := additions(message, 11)
		return w.AppendHistory(nil, r.Id, slices.Values(jsonPublications(t, r.History.Publications)), r.History.Epoch, r.History.Offset, more != 0)
	case r.Id == 0:
		return []byte("{}")
	}
	t.Fatalf("an unknown reply: %v", r)
	return nil
}

func jsonPush(t testing.TB, p *pb.Push) []byte {
	w := jsonwire.Writer{}
	switch {
	case p.Pub != nil:
		push, _, _ := w.AppendPush(nil, p.Channel, p.Pub.Data, clientInfoOf(t, p.Pub.Info), p.Pub.Offset, p.Pub.Time)
		return push
	case p.Join != nil:
		return w.AppendJoin(nil, p.Channel, clientInfoOf(t, p.Join.Info))
	case p.Leave != nil:
		return w.AppendLeave(nil, p.Channel, clientInfoOf(t, p.Leave.Info))
	case p.Unsubscribe != nil:
		return w.AppendUnsubscribe(nil, p.Channel, &protocol.Unsubscribe{Code: p.Unsubscribe.Code, Reason: p.Unsubscribe.Reason})
	case p.Message != nil:
		return fmt.Appendf(nil, `{"push":{"channel":%q,"message":{"data":%s}}}`, p.Channel, p.Message.Data)
	}
	t.Fatalf("an unknown push: %v", p)
	return nil
}

func jsonPublications(t testing.TB, publications []*pb.Publication) (objects [][]byte) {
	for _, p := range publications {
		_, object, _ := jsonwire.Writer{}.AppendPush(nil, "", p.Data, clientInfoOf(t, p.Info), p.Offset, p.Time)
		objects = append(objects, object)
	}
	return objects
}

func clientInfoOf(t testing.TB, i *pb.ClientInfo) *protocol.ClientInfo {
	if i == nil {
		return nil
	}
	return &protocol.ClientInfo{User: i.User, Client: idOf(t, i.Client), ConnInfo: i.ConnInfo, ChanInfo: i.ChanInfo}
}

func idOf(t testing.TB, s string) (id protocol.ClientID) {
	if n, err := hex.Decode(id[:], []byte(strings.ReplaceAll(s, "-", ""))); err != nil || n != len(id) {
		t.Fatalf("%q is no client id", s)
	}
	return id
}

// additions returns fields 100, a number, and 101, a string, of the result in a reply.
func additions(message []byte, result protowire.Number) (n uint64, s string) {
	eachField(message, func(field protowire.Number, value []byte) {
		if field != result {
			return
		}
		value, _ = protowire.ConsumeBytes(value)
		eachField(value, func(field protowire.Number, value []byte) {
			switch field {
			case 100:
				n, _ = protowire.ConsumeVarint(value)
			case 101:
				s, _ = protowire.ConsumeString(value)
			}
		})
	})
	return n, s
}

func eachField(b []byte, do func(protowire.Number, []byte)) {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		b = b[n:]
		n = protowire.ConsumeFieldValue(field, kind, b)
		do(field, b[:n])
		b = b[n:]
	}
}
