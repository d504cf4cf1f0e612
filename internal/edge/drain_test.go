package edge

import (
	"context"
	"testing"
	"time"
)

// stopPublishes stops them on a running edge.
func stopPublishes(t *testing.T, e *Edge, perSecond int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := e.StopPublishes(ctx, perSecond); err != nil {
		t.Fatal(err)
	}
}

func TestPublisherIsClosedWhileDraining(t *testing.T) {
	e, url := serve(t, nil)
	a, b := connect(t, url, "A"), connect(t, url, "B")
	b.send(`{"id":2,"subscribe":{"channel":"r"}}`)
	b.expect(`{"id":2,"subscribe":{*}}`)
	a.publish("r", 1)
	stopPublishes(t, e, 1000)
	a.send(`{"id":3,"publish":{"channel":"r","data":2}}`)
	a.expect(`{"id":3,"error":{"code":111,"message":"too many requests","temporary":true}}`)
	a.expect("close 3001 shutdown")

	// The others stay until it is their turn, and may read.
	b.expect(`{"push":{"channel":"r","pub":{"data":0,*}}}`)
	b.send(`{"id":3,"subscribe":{"channel":"s"}}`)
	b.expect(`{"id":3,"subscribe":{*}}`)
	b.send(`{"id":4,"history":{"channel":"r","limit":-1}}`)
	b.expect(`{"id":4,"history":{"publications":[{"data":0,*}],*}}`)
	b.send(`{"id":5,"publish":{"channel":"nobody:r","data":2}}`)
	b.expect(`{"id":5,"error":{"code":102,*}}`)
}

func TestDrainClosesPublishersAtTheRate(t *testing.T) {
	d := &drain{step: 10}
	for i, want := range []struct {
		now int64
		ok  bool
	}{{0, true}, {0, false}, {9, false}, {10, true}, {15, false}, {1000, true}, {1001, false}, {1010, true}} {
		if got := d.take(want.now); got != want.ok {
			t.Errorf("publisher %d at %d: %v", i, want.now, got)
		}
	}
}

func TestConnectWhileDrainingIsClosed(t *testing.T) {
	e, url := serve(t, nil)
	a := dial(t, url)
	stopPublishes(t, e, 1000)
	a.send(`{"id":1,"connect":{"token":"A"}}`)
	a.expect("close 3001 shutdown")
}
