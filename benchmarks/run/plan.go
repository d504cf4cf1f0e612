//go:build linux

package main

// server is a program under test. It must listen on the address it is given.
type server struct {
	Name    string `json:"name"`
	Program string `json:"program"` // in the directory of programs
	// Args with ADDR for the address and ADMIN for a second one.
	Args []string `json:"args"`
	// Speaks says how each kind of work is spoken to it; a kind that is not there is not
	// its business.
	Speaks map[string]speech `json:"speaks"`
	Floor  bool              `json:"floor,omitempty"` // others are measured against the best of these
	// FloorOf is the server that a floor sends as many bytes as. That server is measured against its own floors
	// where there are any, and nobody else against those.
	FloorOf string `json:"floor_of,omitempty"`
	// Batching is a floor that differs from the others in what it sends together. Where there is nothing to send together
	// they are one program, and the best of three equals is the luckiest: then it is left out.
	Batching bool `json:"batching,omitempty"`
	Rival    bool `json:"rival,omitempty"` // and against the best of these, for the goals
	// Restless is a server that works although nobody talks to it, or takes long to let people in: it is measured when
	// the others have gone.
	Restless bool `json:"restless,omitempty"`
}

// speech is a protocol of internal/wire and the path of the endpoint, for one kind of work.
type speech struct {
	Protocol, Path string
	Program        string   `json:",omitempty"` // instead of the server's
	Args           []string `json:",omitempty"` // behind the server's, PING for the interval of pings (work "pings"), PONG for half of it
}

func (s server) name() string { return s.Name }

// throngPayload is how long a message of the benchmark is as throng sends it: with its room, sender, offset and time.
const throngPayload = "275"

// The kinds of work are the commands of the load generator:
//
//	fanout    rooms, each with messages in flight
//	rooms     many rooms: closed loop, then an open loop at half its rate
//	echo      messages that come back
//	idle      bytes per connection
//	pings     what idle connections with pings cost; the server pings every PING
//	connect   upgrades a second
//	recovery  publishing with history, then everybody comes back at once
var servers = append([]server{
	{Name: "floor-plain", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "message"}, Speaks: minimal, Floor: true, Batching: true},
	{Name: "floor", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "turn"}, Speaks: withPings(minimal, "--ping", "PING"), Floor: true},
	{Name: "floor-deep", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "deep"}, // an echo is the floor's
		Speaks: map[string]speech{"fanout": {Protocol: "rooms"}}, Floor: true, Batching: true},
	{Name: "floor-long", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "deep", "--payload", throngPayload},
		Speaks: map[string]speech{"fanout": {Protocol: "rooms"}}, Floor: true, FloorOf: "throng"},
	{Name: "netpoll", Program: "broadcast", Args: []string{"--listen", "ADDR"}, Speaks: map[string]speech{
		"fanout": {Protocol: "rooms"}, "rooms": {Protocol: "rooms"}, "idle": {Protocol: "rooms"}, "connect": {Protocol: "rooms"},
		"echo":  {Protocol: "rooms", Path: "/", Program: "echo"},
		"pings": {Protocol: "rooms", Args: []string{"--ping-interval", "PING"}},
	}},
	{Name: "throng", Program: "throng", Args: []string{"serve", "--dev", "--echo", "--listen", "ADDR", "--admin", "ADMIN"}, Speaks: map[string]speech{
		"fanout": {Protocol: "centrifuge"}, "rooms": {Protocol: "centrifuge"}, "idle": {Protocol: "centrifuge"},
		"connect": {Protocol: "centrifuge"}, "recovery": {Protocol: "centrifuge"},
		"echo":  {Protocol: "rooms", Path: "/echo"},
		"pings": {Protocol: "centrifuge", Args: []string{"--ping-interval", "PING", "--pong-timeout", "PONG"}},
	}},
}, rivals...)

// minimal is a server that does nothing but rooms in the URL and /echo.
var minimal = map[string]speech{"fanout": {Protocol: "rooms"}, "rooms": {Protocol: "rooms"}, "idle": {Protocol: "rooms"},
	"connect": {Protocol: "rooms"}, "echo": {Protocol: "rooms", Path: "/echo"}}

// withPings is kinds and the kind "pings", for servers that can be told the interval.
func withPings(kinds map[string]speech, args ...string) map[string]speech {
	all := map[string]speech{"pings": {Protocol: "rooms", Args: args}}
	for kind, s := range kinds {
		all[kind] = s
	}
	return all
}
