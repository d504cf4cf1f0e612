package edge

import (
	"testing"
	"time"

	"github.com/throngd/throng/room"
)

// TestSendDurations delays the room, the loop, or both. encode and transmit must lie between the times of the events around
// them, so a busy machine changes nothing.
func TestSendDurations(t *testing.T) {
	const long = 200 * time.Millisecond
	for _, c := range []struct {
		name        string
		shard, loop time.Duration
	}{
		{"the room is busy", long, 0},
		{"the loop is busy", 0, long},
		{"both", long / 2, long / 2},
	} {
		t.Run(c.name, func(t *testing.T) { sendDurations(t, c.shard, c.loop) })
	}
}

func sendDurations(t *testing.T, shard, loop time.Duration) {
	e, url := serve(t, func(cfg *Config) { cfg.Loops, cfg.Hub.Shards = 1, 1 })
	p := connect(t, url, "ann")
	p.send(`{"id":2,"subscribe":{"channel":"typing:r"}}`)
	p.expect(`{"id":2,"subscribe":{*}}`)

	unblockShard, unblockLoop := make(chan struct{}), make(chan struct{})
	hold(t, e, unblockShard)
	sending := time.Now()
	p.send(`{"id":3,"publish":{"channel":"typing:r","data":1}}`)
	await(t, "the command is with its room", func() bool { return e.Hub().Stats().Waiting > 0 })
	decoded := time.Now()
	e.loops[0].out.Do(func() { <-unblockLoop })
	time.Sleep(shard)
	encoding := time.Now()
	close(unblockShard)
	await(t, "the push is with the loop", func() bool { return e.loops[0].out.QueuedBytes() > 0 })
	posted := time.Now()
	time.Sleep(loop)
	writing := time.Now()
	close(unblockLoop)
	p.find(`{"push":{*"data":1*}}`)

	await(t, "the broadcast is counted", func() bool { return e.server.Stats().Transmit.Count() > 0 })
	counted := time.Now()
	encode, transmit := e.Stats().Encode, e.server.Stats().Transmit
	if encode.Count() != 1 || transmit.Count() != 1 {
		t.Fatalf("%d and %d messages were timed", encode.Count(), transmit.Count())
	}
	between(t, "encode", encode.Sum, encoding.Sub(decoded), posted.Sub(sending))
	between(t, "transmit", transmit.Sum, writing.Sub(posted), counted.Sub(encoding))
}

// between checks a duration, of which up to two microseconds are lost by rounding.
func between(t *testing.T, what string, got, least, most time.Duration) {
	t.Helper()
	if got < least-2*time.Microsecond || got > most+2*time.Microsecond {
		t.Errorf("%s took %v, want between %v and %v", what, got, least, most)
	}
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

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}
