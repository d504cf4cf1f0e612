package jsonwire

import (
	"github.com/mailru/easyjson"
	"github.com/mailru/easyjson/jlexer"

	"github.com/throngd/throng/internal/protocol"
)

//go:generate go run github.com/mailru/easyjson/easyjson@v0.9.2 -no_std_marshalers decode.go

// The requests of the schema as types of this package: easyjson writes methods, and methods must be in the package of
// their type.
type (
	//easyjson:json
	connectRequest protocol.ConnectRequest
	//easyjson:json
	subscribeRequest protocol.SubscribeRequest
	//easyjson:json
	publishRequest protocol.PublishRequest
	//easyjson:json
	historyRequest protocol.HistoryRequest
	//easyjson:json
	channelRequest protocol.ChannelRequest
	//easyjson:json
	refreshRequest protocol.RefreshRequest
)

// decode decodes the parameters of a command. The error is [protocol.ErrFieldType].
func (r *Reader) decode(c protocol.Command, req easyjson.Unmarshaler) error {
	r.lex = jlexer.Lexer{Data: c.Params}
	req.UnmarshalEasyJSON(&r.lex)
	return r.decoded()
}

func (r *Reader) decoded() error {
	if r.lex.Consumed(); r.lex.Error() != nil {
		return protocol.ErrFieldType
	}
	return nil
}

// DecodePublish decodes the request of publish. It does not call decode: the conversion to an interface would move req
// to the heap, so that more than its strings would be allocated.
func (r *Reader) DecodePublish(c protocol.Command, req *protocol.PublishRequest) error {
	r.lex = jlexer.Lexer{Data: c.Params}
	(*publishRequest)(req).UnmarshalEasyJSON(&r.lex)
	return r.decoded()
}

// DecodeConnect decodes the request of connect.
func (r *Reader) DecodeConnect(c protocol.Command, req *protocol.ConnectRequest) error {
	return r.decode(c, (*connectRequest)(req))
}

// DecodeSubscribe decodes the request of subscribe.
func (r *Reader) DecodeSubscribe(c protocol.Command, req *protocol.SubscribeRequest) error {
	return r.decode(c, (*subscribeRequest)(req))
}

// DecodeHistory decodes the request of history.
func (r *Reader) DecodeHistory(c protocol.Command, req *protocol.HistoryRequest) error {
	return r.decode(c, (*historyRequest)(req))
}

// DecodeChannel decodes the request of unsubscribe, presence, presence_stats and sub_refresh.
func (r *Reader) DecodeChannel(c protocol.Command, req *protocol.ChannelRequest) error {
	return r.decode(c, (*channelRequest)(req))
}

// DecodeRefresh decodes the request of refresh.
func (r *Reader) DecodeRefresh(c protocol.Command, req *protocol.RefreshRequest) error {
	return r.decode(c, (*refreshRequest)(req))
}

// OwnData copies data without the line ends. [Reader.Next] has checked it.
func (r *Reader) OwnData(data protocol.Raw) ([]byte, error) {
	return AppendRaw(make([]byte, 0, len(data)), data), nil
}
