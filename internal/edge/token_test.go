package edge

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/throngd/throng/room"
)

// TestSendDurations delays the room, the loop, or both: encode and transmit show which it was, and their sum is the time
// that the client waited.
func TestSendDurations(t *testing.T) {
	const long = 400 * time.Millisecond
	for _, c := range []struct {
		name         string
		shard, walks time.Duration
	}{
		{"the room is busy", long, 0},
		{"the loop is busy", 0, long},
		{"both", long / 2, long / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			for range 3 { // the machine may have been busy elsewhere
				if err = sendTimes(t, c.shard, c.walks); err == nil {
					return
				}
				t.Log(err)
			}
			t.Error(err)
		})
	}
}

func sendTimes(t *testing.T, shard, walks time.Duration) error {
	e, url := serve(t, func(cfg *Config) { cfg.Loops, cfg.Hub.Shards = 1, 1 })
	p := connect(t, url, "ann")
	p.send(`{"id":2,"subscribe":{"channel":"typing:r"}}`)
	p.expect(`{"id":2,"subscribe":{*}}`)

	unblockShard, unblockLoop := make(chan struct{}), make(chan struct{})
	hold(t, e, unblockShard)
	begin := time.Now()
	p.send(`{"id":3,"publish":{"channel":"typing:r","data":1}}`)
	await(t, "the command is with its room", func() bool { return e.Hub().Stats().Waiting > 0 })
	e.loops[0].out.Do(func() { <-unblockLoop })
	time.Sleep(time.Until(begin.Add(shard)))
	close(unblockShard)
	await(t, "the push is with the loop", func() bool { return e.loops[0].out.QueuedBytes() > 0 })
	time.Sleep(walks)
	close(unblockLoop)
	p.find(`{"push":{*"data":1*}}`)
	whole := time.Since(begin)

	await(t, "the walk is counted", func() bool { return e.server.Stats().Transmit.Count() > 0 })
	encode, transmit := e.Stats().Encode, e.server.Stats().Transmit
	if encode.Count() != 1 || transmit.Count() != 1 {
		t.Fatalf("%d and %d messages were timed", encode.Count(), transmit.Count())
	}
	t.Logf("encode %v + transmit %v of %v", encode.Sum, transmit.Sum, whole)
	return errors.Join(near("encode", encode.Sum, shard, whole),
		near("transmit", transmit.Sum, walks, whole),
		near("the sum", encode.Sum+transmit.Sum, whole, whole))
}

// hold keeps the only shard busy until the channel is closed.
func hold(t *testing.T, e *Edge, until <-chan struct{}) {
	t.Helper()
	held := make(chan struct{})
	err := e.Hub().Submit(room.Command{Op: room.PresenceStats, Room: "x", Options: &room.Options{Presence: true},
		Done: func(room.Answer) { close(held); <-until }})
	if err != nil {
		t.Fatal(err)
	}
	<-held
}

// near checks that got is want but for 5 % of the whole.
func near(what string, got, want, whole time.Duration) error {
	if (got - want).Abs() > whole/20 {
		return fmt.Errorf("%s took %v, want %v within 5 %% of %v", what, got, want, whole)
	}
	return nil
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}
