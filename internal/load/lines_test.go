package load

import (
	"io"
	"testing"
	"time"
)

// End returns although the second of two stages is unfinished.
func TestBarsEnd(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p := NewProgress(io.Discard, 80)
		p.Stage("open", 10)
		for i := range int64(10) {
			p.Set(i+1, "opening")
		}
		p.Stage("talk", 100)
		p.Set(3, "talking")
		p.End()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the bars do not end")
	}
}
