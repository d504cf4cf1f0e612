package edge

import (
	"fmt"
	"testing"
)

func TestNearOf(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "near=lobby": "lobby", "x=1&near=a%20b&near=c": "a b", "near=": "", "linear=x": "", "near=%zz": "", "near": "",
	} {
		if got := nearOf(query); got != want {
			t.Errorf("%q: %q instead of %q", query, got, want)
		}
	}
}

// TestNear: who names the room in the URL is on the loop of its other members, and in the room like everybody else.
func TestNear(t *testing.T) {
	e, url := serve(t, nil)
	var all []*peer
	for i := range 8 {
		all = append(all, connect(t, url+"?near=r", fmt.Sprint("user", i)))
		all[i].send(`{"id":2,"subscribe":{"channel":"r"}}`)
		all[i].expect(`{"id":2,"subscribe":{*}}`)
	}
	all[0].send(`{"id":3,"publish":{"channel":"r","data":1}}`)
	for _, p := range all {
		p.until(`{"push":{"channel":"r","pub":{*}}`)
	}
	if a, b := e.loops[0].counters.opened.Load(), e.loops[1].counters.opened.Load(); a*b != 0 || a+b != 8 {
		t.Errorf("%d and %d connections on the loops", a, b)
	}
}
