package pbwire

import (
	"strings"
	"unicode/utf8"

	pb "github.com/centrifugal/protocol"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/jsonwire"
)

// The Decode methods decode the parameters of a command. Bytes that are no message of this type and strings that are not
// UTF-8 are [protocol.ErrFieldType]. A NUL in the name of a channel or in a key is [protocol.ErrNUL], as in JSON. Nothing in
// the request aliases the frame.

// decode decodes the parameters into a message of the module.
func decode(c protocol.Command, m interface{ UnmarshalCF([]byte) error }) error {
	if m.UnmarshalCF(c.Params) != nil {
		return protocol.ErrFieldType
	}
	return nil
}

// checkNUL refuses names with a NUL.
func checkNUL(names ...string) error {
	for _, s := range names {
		if strings.IndexByte(s, 0) >= 0 {
			return protocol.ErrNUL
		}
	}
	return nil
}

// DecodeConnect decodes the request of connect.
func (r *Reader) DecodeConnect(c protocol.Command, req *protocol.ConnectRequest) error {
	var m pb.ConnectRequest
	if err := decode(c, &m); err != nil {
		return err
	}
	*req = protocol.ConnectRequest{Token: m.Token, Data: protocol.Raw(m.Data), Name: m.Name, Version: m.Version, Headers: m.Headers}
	return nil
}

// DecodeSubscribe decodes the request of subscribe.
func (r *Reader) DecodeSubscribe(c protocol.Command, req *protocol.SubscribeRequest) error {
	var m pb.SubscribeRequest
	if err := decode(c, &m); err != nil {
		return err
	}
	*req = protocol.SubscribeRequest{
		Channel: m.Channel, Token: m.Token, Recover: m.Recover, Epoch: m.Epoch, Offset: m.Offset, Data: protocol.Raw(m.Data),
		Positioned: m.Positioned, Recoverable: m.Recoverable, JoinLeave: m.JoinLeave, Flag: uint64(m.Flag), Type: m.Type,
	}
	if m.Tf != nil {
		req.TagsFilter = protocol.Raw("{}") // that there is one is all that counts
	}
	return checkNUL(m.Channel)
}

// DecodePublish decodes the request of publish.
func (r *Reader) DecodePublish(c protocol.Command, req *protocol.PublishRequest) error {
	var m pb.PublishRequest
	if err := decode(c, &m); err != nil {
		return err
	}
	key, err := idempotencyKey(c.Params)
	if err != nil {
		return err
	}
	*req = protocol.PublishRequest{Channel: m.Channel, Data: protocol.Raw(m.Data), IdempotencyKey: key, Type: m.Type}
	return checkNUL(m.Channel, key)
}

// idempotencyKey returns the key of a PublishRequest that was decoded, "" if there is none. Of several the last counts.
func idempotencyKey(b []byte) (key string, err error) {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return "", protocol.ErrFieldType
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(field, kind, b); n < 0 {
			return "", protocol.ErrFieldType
		}
		if field == FieldIdempotencyKey && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b)
			if !utf8.Valid(value) {
				return "", protocol.ErrFieldType
			}
			key = string(value)
		}
		b = b[n:]
	}
	return key, nil
}

// DecodeHistory decodes the request of history.
func (r *Reader) DecodeHistory(c protocol.Command, req *protocol.HistoryRequest) error {
	var m pb.HistoryRequest
	if err := decode(c, &m); err != nil {
		return err
	}
	*req = protocol.HistoryRequest{Channel: m.Channel, Limit: m.Limit, Reverse: m.Reverse}
	if m.Since != nil {
		req.Since = &protocol.StreamPosition{Offset: m.Since.Offset, Epoch: m.Since.Epoch}
	}
	return checkNUL(m.Channel)
}

// DecodeChannel decodes the request of unsubscribe, presence, presence_stats and sub_refresh: in each the channel is field
// 1, and the token of sub_refresh is field 2.
func (r *Reader) DecodeChannel(c protocol.Command, req *protocol.ChannelRequest) error {
	var m pb.SubRefreshRequest
	if err := decode(c, &m); err != nil {
		return err
	}
	*req = protocol.ChannelRequest{Channel: m.Channel, Token: m.Token}
	return checkNUL(m.Channel)
}

// DecodeRefresh decodes the request of refresh.
func (r *Reader) DecodeRefresh(c protocol.Command, req *protocol.RefreshRequest) error {
	var m pb.RefreshRequest
	if err := decode(c, &m); err != nil {
		return err
	}
	*req = protocol.RefreshRequest{Token: m.Token}
	return nil
}

// OwnData checks that data is JSON, since the members of a room may use either form, and copies it without line ends.
func (r *Reader) OwnData(data protocol.Raw) ([]byte, error) {
	if err := jsonwire.Check(data); err != nil {
		return nil, err
	}
	return jsonwire.AppendRaw(make([]byte, 0, len(data)), data), nil
}
