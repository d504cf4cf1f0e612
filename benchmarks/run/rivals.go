//go:build linux

package main

// rivals are the programs of rivals/, one row each. Centrifugo itself is a hole in the report
// where it is not in the PATH; centrifuge is the library it is made of.
var rivals = []server{
	rival("gnet", minimal),
	rival("gobwas", minimal),
	rival("gws", minimal),
	rival("gorilla", withPings(minimal, "-ping", "PING")),
	rival("coder", minimal),
	rival("nbio", minimal),
	restless(rival("centrifuge", map[string]speech{
		"fanout": {Protocol: "centrifuge"}, "rooms": {Protocol: "centrifuge"}, "idle": {Protocol: "centrifuge"},
		"connect": {Protocol: "centrifuge"}, "recovery": {Protocol: "centrifuge"},
		"pings": {Protocol: "centrifuge", Args: []string{"-ping", "PING"}},
	})),
	rival("centrifugo", map[string]speech{
		"fanout": {Protocol: "centrifuge"}, "rooms": {Protocol: "centrifuge"}, "idle": {Protocol: "centrifuge"},
		"connect": {Protocol: "centrifuge"}, "recovery": {Protocol: "centrifuge"},
	}),
}

// restless is a server that needs the machine for itself.
func restless(s server) server {
	s.Restless = true
	return s
}

func rival(name string, speaks map[string]speech) server {
	return server{Name: name, Program: name, Args: []string{"-listen", "ADDR"}, Speaks: speaks, Rival: true}
}
