package headroom

import (
	"testing"
	"time"
)

// TestDue holds when memory is given back: after a crowd has gone, after garbage when it is quiet, and not too often.
func TestDue(t *testing.T) {
	const mib = 1 << 20
	type look struct {
		at               time.Duration
		inUse, allocated int64 // MiB
		want             bool
	}
	for _, c := range []struct {
		name  string
		looks []look
	}{
		{"nothing happens", []look{{2, 5, 5, false}, {4, 5, 5, false}, {1000, 5, 6, false}}},
		{"a crowd comes and goes", []look{{2, 400, 900, false}, {4, 5, 910, false}, {6, 5, 910, true}, {8, 5, 910, false}}},
		{"it is still going", []look{{2, 400, 900, false}, {4, 300, 910, false}, {6, 200, 920, false}, {8, 199, 921, true}}},
		{"a part of it goes", []look{{2, 400, 200, false}, {4, 350, 200, false}, {6, 350, 200, false}, {8, 295, 210, false}, {10, 290, 210, true}}},
		{"few go", []look{{2, 30, 10, false}, {4, 20, 10, false}, {6, 20, 10, false}}},
		{"it was busy and is quiet", []look{{2, 5, 100, false}, {4, 5, 200, false}, {6, 5, 201, true}, {60, 5, 210, false}, {62, 5, 211, false}}},
		{"it stays busy", []look{{2, 5, 100, false}, {4, 5, 200, false}, {6, 5, 300, false}, {60, 5, 9000, false}}},
		{"not twice at once", []look{
			{2, 400, 900, false}, {4, 5, 910, false}, {6, 5, 910, true}, {8, 400, 1900, false}, {10, 5, 1910, false}, {12, 5, 1910, false}, {38, 5, 1910, true},
		}},
		{"much is in use, some garbage is nothing", []look{{2, 1000, 2000, false}, {40, 1000, 2001, true}, {80, 1000, 2900, false}, {82, 1000, 2900, false}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g giver
			for _, l := range c.looks {
				at := l.at * time.Second
				got := g.due(at, l.inUse*mib, l.allocated*mib)
				if got != l.want {
					t.Fatalf("after %v with %d MiB in use, %d allocated: %v", at, l.inUse, l.allocated, got)
				}
				if got {
					g.given(at)
				}
			}
		})
	}
}

func TestGiveBackEnds(t *testing.T) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		GiveBack(done, func() int64 { return 0 })
		close(ended)
	}()
	close(done)
	<-ended
}
