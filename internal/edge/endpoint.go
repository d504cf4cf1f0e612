package edge

import (
	"net/url"
	"slices"
	"strings"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/internal/protocol/codecs"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/room"
)

// Endpoints returns the endpoints of the server: the protocol at /connection/websocket and /ws in each form, and /echo if it
// is enabled.
func (e *Edge) Endpoints() (endpoints []netpoll.Endpoint) {
	for _, path := range []string{"/connection/websocket", "/ws"} {
		for _, framePings := range []bool{true, false} {
			for f := range room.Form(room.Forms) {
				endpoints = append(endpoints, e.endpoint(path, f, framePings))
			}
		}
	}
	if e.cfg.Echo {
		endpoints = append(endpoints, e.echo())
	}
	return endpoints
}

// formOf returns the form that a request asks for: by the query, as format=protobuf, or by the first subprotocol offered
// that is one of a form's.
func formOf(r *netpoll.Request) room.Form {
	if name := queryValue(r.Query(), "format", "cf_protocol"); name != "" {
		for f := range codecs.All {
			if codecs.All[f].Name == name {
				return room.Form(f)
			}
		}
	}
	for offered := range r.Offered() {
		for f := range codecs.All {
			if codecs.All[f].Subprotocol == offered {
				return room.Form(f)
			}
		}
	}
	return 0
}

// queryValue returns the first of the query parameters that has a value. Of a query that cannot be parsed, what can be counts.
// A query without the names, as most are, is not parsed: every connection asks several times.
func queryValue(query string, names ...string) string {
	named := func(name string) bool { return strings.Contains(query, name+"=") }
	if !slices.ContainsFunc(names, named) && !strings.Contains(query, "%") { // names may be escaped
		return ""
	}
	values, _ := url.ParseQuery(query)
	for _, name := range names {
		if v := values.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// wantsFramePings reports whether a request asks for WebSocket pings instead of the protocol's.
func wantsFramePings(r *netpoll.Request) bool {
	return queryValue(r.Query(), "cf_ws_frame_ping_pong") == "true"
}

// endpoint serves the protocol in one form on a path, to the requests that ask for it.
func (e *Edge) endpoint(path string, f room.Form, framePings bool) netpoll.Endpoint {
	codec := &codecs.All[f]
	ping := frame.AppendFrame(nil, codec.Op, []byte(codec.Ping))
	if framePings {
		ping = nil
	}
	return netpoll.Endpoint{
		Path:          path,
		Match:         func(r *netpoll.Request) bool { return formOf(r) == f && wantsFramePings(r) == framePings },
		CheckOrigin:   e.cfg.CheckOrigin,
		Subprotocols:  []string{codec.Subprotocol},
		MaxMessage:    e.cfg.MaxMessage,
		Compression:   e.cfg.Compression,
		PingInterval:  e.cfg.PingInterval,
		HoldPings:     true, // until connect
		PongTimeout:   e.cfg.PongTimeout,
		PingFrame:     ping,
		PongCode:      frame.CloseCode(protocol.DisconnectNoPong.Code),
		MaxBacklog:    e.cfg.MaxBacklog,
		MaxBacklogAge: e.cfg.BacklogAge,
		SlowCode:      frame.CloseCode(protocol.DisconnectSlow.Code),
		PauseBacklog:  pauseBacklog,
		OnDrain:       onDrain,
		LowBacklog:    lowBacklog,
		OnDropped:     onDropped,
		Accept:        e.onAccept,
		OnOpen:        func(c *netpoll.Conn) { e.onOpen(c, f, framePings) },
		OnMessage:     e.onMessage,
		OnTimer:       onTimer,
		OnClose:       e.onClose,
	}
}
