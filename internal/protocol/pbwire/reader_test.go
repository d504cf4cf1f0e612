package pbwire

import (
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	pb "github.com/centrifugal/protocol"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/throngd/throng/internal/protocol"
)

// frameOf returns commands as the module encodes them.
func frameOf(t testing.TB, commands ...*pb.Command) (frame []byte) {
	t.Helper()
	for _, c := range commands {
		b, err := c.MarshalCF()
		if err != nil {
			t.Fatal(err)
		}
		frame = append(binary.AppendUvarint(frame, uint64(len(b))), b...)
	}
	return frame
}

func TestEveryMethodIsReadAsTheModuleWritesIt(t *testing.T) {
	every := []*pb.Command{
		{},
		{Id: 1, Connect: &pb.ConnectRequest{Token: "t", Data: []byte("1"), Name: "js", Version: "5", Headers: map[string]string{"a": "b"}}},
		{Id: 2, Subscribe: &pb.SubscribeRequest{Channel: "c", Token: "t", Recover: true, Epoch: "e", Offset: 1 << 52, Data: []byte("2"), Positioned: true, Recoverable: true, JoinLeave: true, Flag: 3, Type: 1, Tf: &pb.FilterNode{}}},
		{Id: 3, Unsubscribe: &pb.UnsubscribeRequest{Channel: "c"}},
		{Id: 4, Publish: &pb.PublishRequest{Channel: "c", Data: []byte("{}"), Type: 2}},
		{Id: 5, Presence: &pb.PresenceRequest{Channel: "c"}},
		{Id: 6, PresenceStats: &pb.PresenceStatsRequest{Channel: "c"}},
		{Id: 7, History: &pb.HistoryRequest{Channel: "c", Limit: -1, Since: &pb.StreamPosition{Offset: 1, Epoch: "e"}, Reverse: true}},
		{Id: 8, Ping: &pb.PingRequest{}},
		{Send: &pb.SendRequest{Data: []byte("1")}},
		{Id: 10, Rpc: &pb.RPCRequest{Method: "m", Data: []byte("1")}},
		{Id: 11, Refresh: &pb.RefreshRequest{Token: "t"}},
		{Id: 12, SubRefresh: &pb.SubRefreshRequest{Channel: "c", Token: "t"}},
		{Id: 13},
	}
	methods := []protocol.Method{
		protocol.MethodNone, protocol.MethodConnect, protocol.MethodSubscribe, protocol.MethodUnsubscribe, protocol.MethodPublish, protocol.MethodPresence,
		protocol.MethodPresenceStats, protocol.MethodHistory, protocol.MethodPing, protocol.MethodSend, protocol.MethodRPC, protocol.MethodRefresh,
		protocol.MethodSubRefresh, protocol.MethodUnknown,
	}
	r := NewReader(frameOf(t, every...))
	for i, want := range methods {
		c, err := r.Next()
		if err != nil || c.Method != want || c.ID != every[i].Id {
			t.Fatalf("%d: %+v, %v; want %v %d", i, c, err, want, every[i].Id)
		}
		got, wanted := decoded(t, r, c), requests[want]
		if !reflect.DeepEqual(got, wanted) {
			t.Errorf("%v: %+v, want %+v", want, got, wanted)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Error(err)
	}
}

// requests are what TestEveryMethodIsReadAsTheModuleWritesIt decodes.
var requests = map[protocol.Method]any{
	protocol.MethodConnect:       protocol.ConnectRequest{Token: "t", Data: protocol.Raw("1"), Name: "js", Version: "5", Headers: map[string]string{"a": "b"}},
	protocol.MethodSubscribe:     protocol.SubscribeRequest{Channel: "c", Token: "t", Recover: true, Epoch: "e", Offset: 1 << 52, Data: protocol.Raw("2"), Positioned: true, Recoverable: true, JoinLeave: true, Flag: 3, Type: 1, TagsFilter: protocol.Raw("{}")},
	protocol.MethodUnsubscribe:   protocol.ChannelRequest{Channel: "c"},
	protocol.MethodPublish:       protocol.PublishRequest{Channel: "c", Data: protocol.Raw("{}"), Type: 2},
	protocol.MethodPresence:      protocol.ChannelRequest{Channel: "c"},
	protocol.MethodPresenceStats: protocol.ChannelRequest{Channel: "c"},
	protocol.MethodHistory:       protocol.HistoryRequest{Channel: "c", Limit: -1, Since: &protocol.StreamPosition{Offset: 1, Epoch: "e"}, Reverse: true},
	protocol.MethodRefresh:       protocol.RefreshRequest{Token: "t"},
	protocol.MethodSubRefresh:    protocol.ChannelRequest{Channel: "c", Token: "t"},
}

func decoded(t testing.TB, r *Reader, c protocol.Command) any {
	t.Helper()
	var (
		connect   protocol.ConnectRequest
		subscribe protocol.SubscribeRequest
		publish   protocol.PublishRequest
		history   protocol.HistoryRequest
		channel   protocol.ChannelRequest
		refresh   protocol.RefreshRequest
		err       error
		req       any
	)
	switch c.Method {
	case protocol.MethodConnect:
		err = r.DecodeConnect(c, &connect)
		req = connect
	case protocol.MethodSubscribe:
		err = r.DecodeSubscribe(c, &subscribe)
		req = subscribe
	case protocol.MethodPublish:
		err = r.DecodePublish(c, &publish)
		req = publish
	case protocol.MethodHistory:
		err = r.DecodeHistory(c, &history)
		req = history
	case protocol.MethodUnsubscribe, protocol.MethodPresence, protocol.MethodPresenceStats, protocol.MethodSubRefresh:
		err = r.DecodeChannel(c, &channel)
		req = channel
	case protocol.MethodRefresh:
		err = r.DecodeRefresh(c, &refresh)
		req = refresh
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return req
}

// message returns a message behind its length.
func message(b ...byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

func TestHostileBytes(t *testing.T) {
	ping := frameOf(t, &pb.Command{Id: 1, Ping: &pb.PingRequest{}})
	nested := []byte{8, 1}
	for range 1000 {
		nested = append(nested, 0x83, 1) // a group in a group
	}
	for name, c := range map[string]struct {
		frame []byte
		id    uint32
		err   error
	}{
		"a length beyond the frame":       {[]byte{5, 8, 1}, 0, protocol.ErrMalformed},
		"a length without an end":         {[]byte{0x80}, 0, protocol.ErrMalformed},
		"a length of 11 bytes":            {[]byte(strings.Repeat("\x80", 10) + "\x01"), 0, protocol.ErrMalformed},
		"a length of 2^63":                {[]byte("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), 0, protocol.ErrMalformed},
		"a field without a value":         {message(8), 0, protocol.ErrMalformed},
		"a field whose value is too long": {message(8, 1, 0x3a, 9, 1), 0, protocol.ErrMalformed},
		"field number 0":                  {message(0, 1), 0, protocol.ErrMalformed},
		"a varint of 11 bytes":            {message(append([]byte{8}, strings.Repeat("\xff", 10)+"\x01"...)...), 0, protocol.ErrMalformed},
		"an id of 2^32":                   {message(8, 0x80, 0x80, 0x80, 0x80, 0x10), 0, protocol.ErrMalformed},
		"groups in groups":                {message(nested...), 0, protocol.ErrMalformed},
		"the end of a group":              {message(8, 1, 0x84, 1), 0, protocol.ErrMalformed},
		"a method without an id":          {message(0x5a, 0), 0, protocol.ErrMalformed},
		"an unknown method without an id": {message(0x82, 1, 0), 0, protocol.ErrMalformed},
		"two methods without an id":       {message(0x62, 0, 0x62, 0), 0, protocol.ErrMalformed},
		"two methods":                     {message(8, 1, 0x5a, 0, 0x62, 0), 1, protocol.ErrTwoMethods},
		"a method twice":                  {message(8, 1, 0x5a, 0, 0x5a, 0), 1, protocol.ErrTwoMethods},
		"JSON":                            {[]byte(`{"id":1,"ping":{}}`), 0, protocol.ErrMalformed},
		"an id twice: the last counts":    {message(8, 1, 8, 2, 0x5a, 0), 2, nil},
		"an unknown field beside":         {message(8, 1, 0x5a, 0, 0xa2, 6, 1, 'x'), 1, nil},
		"a method of the wrong type":      {message(8, 1, 0x58, 0), 1, nil},
		"reserved field 2":                {message(8, 1, 0x10, 5, 0x5a, 0), 1, nil},
	} {
		r := NewReader(append(append([]byte{}, c.frame...), ping...))
		got, err := r.Next()
		if got.ID != c.id || err != c.err {
			t.Errorf("%s: %+v, %v; want id %d, %v", name, got, err, c.id, c.err)
		}
		if c.err == protocol.ErrMalformed {
			continue
		}
		if next, err := r.Next(); err != nil || next.Method != protocol.MethodPing {
			t.Errorf("%s: behind it %+v, %v", name, next, err)
		}
	}
}

func TestHostileRequests(t *testing.T) {
	r := NewReader(nil)
	for name, params := range map[string][]byte{
		"a channel that is not UTF-8":         {0x0a, 1, 0xff},
		"a channel longer than the message":   {0x0a, 9, 'x'},
		"a key that is not UTF-8":             append(protowire.AppendTag([]byte{0x0a, 1, 'c'}, FieldIdempotencyKey, protowire.BytesType), 1, 0xff),
		"a field without a value":             {0x0a},
		"a varint of 11 bytes":                append([]byte{0x18}, strings.Repeat("\xff", 10)+"\x01"...),
		"a length that is more than the rest": append([]byte{0x12}, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"...),
	} {
		var req protocol.PublishRequest
		if err := r.DecodePublish(protocol.Command{Method: protocol.MethodPublish, Params: params}, &req); err == nil {
			t.Errorf("%s: %+v", name, req)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	params, _ := (&pb.PublishRequest{Channel: "c", Data: []byte("1")}).MarshalCF()
	params = appendBytes(params, FieldIdempotencyKey, "first")
	params = appendBytes(params, FieldIdempotencyKey, "key")
	var req protocol.PublishRequest
	if err := NewReader(nil).DecodePublish(protocol.Command{Params: params}, &req); err != nil || req.IdempotencyKey != "key" || req.Channel != "c" {
		t.Errorf("%+v %v", req, err)
	}
}

// FuzzCommands: no frame is a panic; what the module reads from a frame of one command, the Reader reads too.
func FuzzCommands(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{2, 8, 1, 0x5a, 0})
	f.Add(frameOf(f, &pb.Command{Id: 4, Publish: &pb.PublishRequest{Channel: "c", Data: []byte("{}")}}, &pb.Command{Send: &pb.SendRequest{}}))
	f.Add(frameOf(f, &pb.Command{Id: 2, Subscribe: &pb.SubscribeRequest{Channel: "c", Recover: true, Epoch: "e", Offset: 9, Tf: &pb.FilterNode{}}}))
	f.Fuzz(func(t *testing.T, frame []byte) {
		r := NewReader(frame)
		d := pb.NewProtobufCommandDecoder(frame)
		for {
			c, err := r.Next()
			if err == io.EOF || err == protocol.ErrMalformed {
				return
			}
			var broken *protocol.Error
			if err != nil && !errors.As(err, &broken) {
				t.Fatalf("an unknown error: %v", err)
			}
			got := decoded(t, r, c)
			m, merr := d.Decode()
			if m == nil { // the module reads all of a command: it finds more to refuse
				_ = merr
				return
			}
			if err == nil && m.Id != c.ID {
				t.Fatalf("id %d, the module %d", c.ID, m.Id)
			}
			if p, ok := got.(protocol.PublishRequest); err == nil && ok && (m.Publish == nil || m.Publish.Channel != p.Channel || string(m.Publish.Data) != string(p.Data)) {
				t.Fatalf("%+v, the module %+v", p, m.Publish)
			}
		}
	})
}
