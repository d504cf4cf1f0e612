//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

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
}

// speech is a protocol of internal/wire and the path of the endpoint.
type speech struct{ Protocol, Path string }

func (s server) name() string { return s.Name }

// work is one run of the load generator.
type work struct {
	Name string   `json:"name"`
	Kind string   `json:"kind"` // the generator's command
	Args []string `json:"args"`
	Idle bool     `json:"idle,omitempty"` // the figure is bytes per connection
}

func (w work) name() string { return w.Name }

// mostFiles is what a process needs for the largest work.
const mostFiles = 16_000

var servers = []server{
	{Name: "floor-plain", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "message"}, Speaks: minimal, Floor: true},
	{Name: "floor", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "turn"}, Speaks: minimal, Floor: true},
	{Name: "floor-deep", Program: "floor", Args: []string{"--listen", "ADDR", "--flush", "deep"}, Speaks: minimal, Floor: true},
	{Name: "netpoll", Program: "broadcast", Args: []string{"--listen", "ADDR"},
		Speaks: map[string]speech{"fanout": {"rooms", ""}, "idle": {"rooms", ""}}},
	{Name: "netpoll-echo", Program: "echo", Args: []string{"--listen", "ADDR"}, Speaks: map[string]speech{"echo": {"rooms", "/"}}},
	{Name: "throng", Program: "throng", Args: []string{"serve", "--dev", "--echo", "--listen", "ADDR", "--admin", "ADMIN"},
		Speaks: map[string]speech{"fanout": {"centrifuge", ""}, "idle": {"centrifuge", ""}, "echo": {"rooms", "/echo"}}},
}

// minimal is a server that does nothing but rooms in the URL and /echo.
var minimal = map[string]speech{"fanout": {"rooms", ""}, "idle": {"rooms", ""}, "echo": {"rooms", "/echo"}}

var works = []work{
	{Name: "1x1000 1", Kind: "fanout", Args: []string{"--members", "1000", "--inflight", "1"}},
	{Name: "1x1000 16", Kind: "fanout", Args: []string{"--members", "1000", "--inflight", "16"}},
	{Name: "1x1000 64", Kind: "fanout", Args: []string{"--members", "1000", "--inflight", "64"}},
	{Name: "1x10000 1", Kind: "fanout", Args: []string{"--members", "10000", "--inflight", "1"}},
	{Name: "1x10000 16", Kind: "fanout", Args: []string{"--members", "10000", "--inflight", "16"}},
	{Name: "1000x10", Kind: "fanout", Args: []string{"--rooms", "1000", "--members", "10", "--inflight", "1"}},
	{Name: "echo 1", Kind: "echo", Args: []string{"--conns", "1000", "--pipeline", "1"}},
	{Name: "echo 16", Kind: "echo", Args: []string{"--conns", "1000", "--pipeline", "16"}},
	{Name: "idle", Kind: "idle", Args: []string{"--steps", "3000,15000", "--rooms", "1000"}, Idle: true},
}

type named interface{ name() string }

func names[T named](list []T) (out []string) {
	for _, item := range list {
		out = append(out, strings.ReplaceAll(item.name(), " ", "/"))
	}
	return out
}

// pick takes the named ones, in the order of the list. Spaces of names are given as /.
func pick[T named](list []T, wanted string) ([]T, error) {
	if wanted == "" {
		return list, nil
	}
	all, some := names(list), strings.Split(wanted, ",")
	for _, name := range some {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("no %q: %s", name, strings.Join(all, " "))
		}
	}
	var picked []T
	for i, item := range list {
		if slices.Contains(some, all[i]) {
			picked = append(picked, item)
		}
	}
	return picked, nil
}
