//go:build linux

package main

// rivals are the programs in rivals/. Centrifugo is measured if it is in the PATH; centrifuge is the
// library that it is made of.
var rivals = []server{
	rival("gnet", minimal),
	rival("gobwas", minimal),
	rival("gws", minimal),
	rival("gorilla", withPings(minimal, "-ping", "PING")),
	rival("coder", minimal),
	rival("nbio", minimal),
	alone(rival("centrifuge", map[string]endpoint{
		"fanout": {Protocol: "centrifuge"}, "rooms": {Protocol: "centrifuge"}, "idle": {Protocol: "centrifuge"},
		"connect": {Protocol: "centrifuge"}, "recovery": {Protocol: "centrifuge"},
		"pings": {Protocol: "centrifuge", Args: []string{"-ping", "PING"}},
	})),
	rival("centrifugo", map[string]endpoint{
		"fanout": {Protocol: "centrifuge"}, "rooms": {Protocol: "centrifuge"}, "idle": {Protocol: "centrifuge"},
		"connect": {Protocol: "centrifuge"}, "recovery": {Protocol: "centrifuge"},
	}),
}

// alone marks a server that is measured while no other runs.
func alone(s server) server {
	s.Alone = true
	return s
}

func rival(name string, endpoints map[string]endpoint) server {
	return server{Name: name, Program: name, Args: []string{"-listen", "ADDR"}, Endpoints: endpoints, Rival: true}
}
