//go:build linux

package main

import "github.com/throngd/throng/benchmarks/internal/result"

type (
	server   = result.Server
	endpoint = result.Endpoint
)

// throngPayload is the length of a message of the benchmark as throng sends it: with its room, sender, offset and time.
const throngPayload = "275"

// servers are the floors, our own programs and the rivals.
var servers = append([]server{
	{Name: "floor-plain", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "message"}, Endpoints: minimal, Floor: true, Batching: true},
	{Name: "floor", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "turn"}, Endpoints: withPings(minimal, "--ping", "PING"), Floor: true},
	{Name: "floor-deep", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "deep"}, // with echo it is the same as floor
		Endpoints: map[string]endpoint{"fanout": {Protocol: "rooms"}}, Floor: true, Batching: true},
	{Name: "floor-long", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "deep", "--payload", throngPayload},
		Endpoints: map[string]endpoint{"fanout": {Protocol: "rooms"}}, Floor: true, FloorOf: "throng"},
	{Name: "netpoll", Program: "broadcast", Args: []string{"--listen", "ADDR"}, Endpoints: map[string]endpoint{
		"fanout": {Protocol: "rooms"}, "rooms": {Protocol: "rooms"}, "idle": {Protocol: "rooms"}, "connect": {Protocol: "rooms"},
		"echo":  {Protocol: "rooms", Path: "/", Program: "echo"},
		"pings": {Protocol: "rooms", Args: []string{"--ping-interval", "PING"}},
	}},
	{Name: "throng", Program: "throng", Args: []string{"serve", "--dev", "--echo", "--listen", "ADDR", "--admin", "ADMIN"}, Endpoints: map[string]endpoint{
		"fanout": {Protocol: "centrifuge"}, "rooms": {Protocol: "centrifuge"}, "idle": {Protocol: "centrifuge"},
		"connect": {Protocol: "centrifuge"}, "recovery": {Protocol: "centrifuge"},
		"echo":  {Protocol: "rooms", Path: "/echo"},
		"pings": {Protocol: "centrifuge", Args: []string{"--ping-interval", "PING", "--pong-timeout", "PONG"}},
	}},
}, rivals...)

// minimal has the endpoints of a server with rooms in the URL and /echo.
var minimal = map[string]endpoint{"fanout": {Protocol: "rooms"}, "rooms": {Protocol: "rooms"}, "idle": {Protocol: "rooms"},
	"connect": {Protocol: "rooms"}, "echo": {Protocol: "rooms", Path: "/echo"}}

// withPings adds the kind "pings", for servers whose ping interval can be set.
func withPings(kinds map[string]endpoint, args ...string) map[string]endpoint {
	all := map[string]endpoint{"pings": {Protocol: "rooms", Args: args}}
	for kind, e := range kinds {
		all[kind] = e
	}
	return all
}
