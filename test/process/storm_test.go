//go:build linux

package process

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	stormRooms = 100  // a connection may be in 128
	perCrowd   = 9900 // clients of one process: of one address, and within any usual file limit
	mostPeople = 50_000
)

// All clients are disconnected and reconnect at once, without jitter. 95 % are back within 30 s, and those
// that are back receive every message in time. In the long form there are as many clients as the server's
// file limit allows.
func TestReconnectStorm(t *testing.T) {
	people := 2000
	if !testing.Short() {
		people = filesAllowed(t) - 256 - 8 // the server's reserve, and the witness
	}
	people = min(people, mostPeople)
	s := start(t, nil)
	w := newWitness(t, s.addr)
	var crowds []*crowdProcess
	for first := 0; first < people; first += perCrowd {
		crowds = append(crowds, startCrowd(t, crowdOrder{
			Addr: s.addr, Source: fmt.Sprintf("127.0.0.%d", 2+len(crowds)),
			First: first, Count: min(perCrowd, people-first), Rooms: stormRooms,
		}))
	}
	came := reports(crowds)
	t.Logf("%d of %d joined at once, the last after %v, 95 %% after %v; refused: %v", len(came.Back), people, part(came.Back, 1), part(came.Back, 0.95), came.Refusals)
	if len(came.Back) != people {
		t.Fatal("not all clients have joined")
	}

	ctx, stop := context.WithCancel(t.Context())
	w.publish(ctx)
	tell(crowds, true)
	back := reports(crowds)
	stop()
	tell(crowds, w.end())
	all := reports(crowds)

	t.Logf("%d of %d are back: 95 %% of all after %v, the last after %v; refused: %v", len(back.Back), people, part(back.Back, 0.95*float64(people)/float64(max(1, len(back.Back)))), part(back.Back, 1), back.Refusals)
	t.Logf("messages meanwhile: %d deliveries to those back took %v at the median, p99 %v, at most %v; lost %d, twice %d, not recovered %d, disconnected %v",
		len(all.Took), part(all.Took, 0.5), part(all.Took, 0.99), part(all.Took, 1), all.Lost, all.Twice, all.Unrecovered, all.Disconnected)
	t.Logf("a client that stayed connected: %d deliveries, median %v, p99 %v, at most %v; the server's peak is %d MiB", len(w.took), part(w.took, 0.5), part(w.took, 0.99), part(w.took, 1), s.peak()>>10)
	if len(back.Back) < people*95/100 || back.Back[people*95/100-1] > 30*time.Second {
		t.Error("95 % are not back within 30 s")
	}
	if all.Lost+all.Twice > 0 || len(all.Disconnected) > 0 {
		t.Error("clients that are back lost messages or were disconnected")
	}
	if worst := max(part(all.Took, 1), part(w.took, 1)); worst > 5*time.Second {
		t.Errorf("a message took %v", worst)
	}
}

// filesAllowed is how many files the server may open.
func filesAllowed(t *testing.T) int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(limit.Cur, mostPeople+300))
}

// witness is a client that is in all rooms all the time, and publishes.
type witness struct {
	*peer
	t       *testing.T
	sent    int
	sending sync.WaitGroup
	order   map[string][]uint64 // offsets, by room
	took    []time.Duration
	seen    chan int // the number of received messages; closed when the connection ends
}

func newWitness(t *testing.T, addr string) *witness {
	w := &witness{peer: join(t, addr, "elsewhere"), t: t, order: map[string][]uint64{}, seen: make(chan int, 1<<16)}
	for n := range stormRooms {
		if _, err := w.subscribe(crowdRoom(n, stormRooms), "", 0); err != nil {
			t.Fatal(err)
		}
	}
	go w.follow()
	return w
}

// publish sends 50 messages a second, to one room after the other, until ctx ends.
func (w *witness) publish(ctx context.Context) {
	w.sending.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			text := fmt.Sprintf(`{"id":9,"publish":{"channel":%q,"data":{"t":%d,"n":1}}}`, crowdRoom(w.sent, stormRooms), time.Now().UnixNano())
			if err := w.send(text); err != nil {
				w.t.Errorf("publish: %v", err)
				return
			}
			w.sent++
		}
	})
}

func (w *witness) follow() {
	defer close(w.seen)
	for n := 0; ; {
		text, err := w.next()
		if err != nil {
			return
		}
		if sent, offset, ok := parse(text); ok {
			var push struct {
				Push struct{ Channel string }
			}
			_ = json.Unmarshal([]byte(text), &push)
			room := push.Push.Channel
			w.order[room] = append(w.order[room], offset)
			w.took = append(w.took, time.Since(time.Unix(0, sent)))
			n++
			w.seen <- n
		}
	}
}

// end waits for the last message and returns the offsets of each room.
func (w *witness) end() map[string][]uint64 {
	w.sending.Wait()
	late := time.After(patience)
	for n := 0; n < w.sent; {
		select {
		case n = <-w.seen:
		case <-late:
			w.t.Fatalf("%d of %d messages have come back", n, w.sent)
		}
	}
	_ = w.conn.Close()
	for range w.seen { // until follow has ended
	}
	slices.Sort(w.took)
	return w.order
}

// crowdProcess is a crowd as its parent sees it.
type crowdProcess struct {
	t       *testing.T
	cmd     *exec.Cmd
	orders  *json.Encoder
	reports *json.Decoder
}

func startCrowd(t *testing.T, o crowdOrder) *crowdProcess {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), crowdMark+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _, _ = io.Copy(io.Discard, out); _ = cmd.Wait() })
	p := &crowdProcess{t: t, cmd: cmd, orders: json.NewEncoder(in), reports: json.NewDecoder(out)}
	tell([]*crowdProcess{p}, o)
	return p
}

// tell sends an order to all crowds.
func tell(crowds []*crowdProcess, order any) {
	for _, p := range crowds {
		if err := p.orders.Encode(order); err != nil {
			p.t.Fatal(err)
		}
	}
}

// reports waits for the reports of all crowds and adds them up.
func reports(crowds []*crowdProcess) (all crowdReport) {
	for _, p := range crowds {
		var r crowdReport
		if err := p.reports.Decode(&r); err != nil {
			p.t.Fatalf("a process of clients: %v", err)
		}
		all.add(r)
	}
	slices.Sort(all.Back)
	slices.Sort(all.Took)
	return all
}
