//go:build unix

package edge

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStalledClientsDoNotWakeTheServer has clients that ask for more than they read. While they read nothing the server sleeps;
// when they read on they get the rest.
func TestStalledClientsDoNotWakeTheServer(t *testing.T) {
	const people = 20
	e, url := serve(t, func(c *Config) {
		c.Loops, c.PingInterval, c.Hub.HistoryMaxBytes = 1, time.Hour, 1<<20
		c.Channel.WithoutNamespace.HistorySize = 100
	})
	connect(t, url, "A").write("r", 0, 20, 50_000)
	var peers []*peer
	for range people {
		p := connect(t, url, "B")
		p.send(strings.Repeat(`{"id":7,"history":{"channel":"r","limit":-1}}`+"\n", 10) + `{"id":8,"history":{"channel":"r"}}`)
		peers = append(peers, p)
	}
	waits := func() bool { return e.server.Stats().Backlog > people*100_000 && e.Hub().Stats().Waiting == 0 }
	eventually(t, "everybody waits", waits)
	least := int64(1 << 62) // of some tries: the machine has other things to do
	for range 5 {
		before := switches(t)
		time.Sleep(200 * time.Millisecond)
		least = min(least, switches(t)-before)
	}
	if least > 40 {
		t.Errorf("%d context switches in 200 ms with %d clients that read nothing", least, people)
	}
	for i, p := range peers {
		p.until(`{"id":8,"history":{*`)
		if line := p.lines; len(line) > 0 {
			t.Errorf("client %d: %.100q", i, line)
		}
	}
}

// switches is how often this process gave up a processor to wait.
func switches(t *testing.T) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return int64(u.Nvcsw)
}
