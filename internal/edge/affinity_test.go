package edge

import (
	"fmt"
	"testing"
)

func TestAffinityOf(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "affinity=lobby": "lobby", "x=1&affinity=a%20b&affinity=c": "a b", "affinity=": "", "affinity": "", "affinity=%zz": "",
		"near=lobby": "lobby", "near=a&affinity=b": "b", "near=": "", "linear=x": "", "near": "",
	} {
		if got := affinityOf(query); got != want {
			t.Errorf("%q: %q instead of %q", query, got, want)
		}
	}
}

// TestAffinityAssignsOneLoop: connections that name one room in the URL are on one loop, and take part in the room
// as all others do.
func TestAffinityAssignsOneLoop(t *testing.T) {
	e, url := serve(t, nil)
	var all []*peer
	for i := range 8 {
		name := []string{"affinity", "near"}[i%2]
		all = append(all, connect(t, url+"?"+name+"=r", fmt.Sprint("user", i)))
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
