//go:build linux

package process

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// startAdmin starts a server with an admin port.
func startAdmin(t testing.TB, flags ...string) (s *server, admin string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	admin = l.Addr().String()
	_ = l.Close()
	return start(t, nil, append([]string{"--admin", admin}, flags...)...), admin
}

// metric returns the value of a metric without labels.
func metric(t testing.TB, admin, name string) float64 {
	t.Helper()
	r, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// flood has each of n connections publish count messages, to the rooms that room returns, without waiting for replies.
func flood(t testing.TB, addr string, n, count int, room func(conn, i int) string, data string) {
	t.Helper()
	var all sync.WaitGroup
	for c := range n {
		p, err := dial(addr)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer p.conn.Close()
			go func() {
				for i := range count {
					if p.send(fmt.Sprintf(`{"id":%d,"publish":{"channel":%q,"data":%q}}`, i+2, room(c, i), data)) != nil {
						return
					}
				}
			}()
			_ = p.conn.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := p.await(fmt.Sprintf(`{"id":%d,`, count+1)); err != nil && err != io.EOF {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Rooms with kept messages fill max_rooms. Their memory is counted, and other clients can open new rooms all the same.
func TestFloodOfRoomsRefusesNoNewRoom(t *testing.T) {
	const conns, each, most = 10, 16_000, 120_000
	s, admin := startAdmin(t, "--max-rooms", fmt.Sprint(most))
	before := s.status("VmRSS:")
	flood(t, s.addr, conns, each, func(c, i int) string { return fmt.Sprintf("flood-%d-%d", c, i) }, "x")
	if n := metric(t, admin, "throng_rooms"); n < most*9/10 || n > most*17/16+1 {
		t.Errorf("%.0f rooms", n)
	}
	p := join(t, s.addr, "mine") // a new room
	if err := p.send(`{"id":5,"publish":{"channel":"another","data":1}}`); err != nil {
		t.Fatal(err)
	}
	if text, err := p.await(`{"id":5,`); err != nil || strings.Contains(text, `"error"`) {
		t.Errorf("a message to a new room: %s, %v", text, err)
	}
	counted, grown := int(metric(t, admin, "throng_history_bytes"))>>10, 0
	// What is not history: the tables of the runtime, the high-water marks of the rooms that were removed, and the maps, which
	// may be half empty at this number of rooms.
	const others = 10 << 10
	eventually(t, "the counted memory is the memory in use", func() bool {
		grown = s.status("VmRSS:") - before
		return grown < counted*5/4+others && grown > counted*3/4
	})
	t.Logf("counted %d KiB, RSS has grown by %d KiB", counted, grown)
}

// One client publishes more than history_bytes, to one room and to many. The history of other rooms stays.
func TestFloodDisplacesNoOtherHistory(t *testing.T) {
	s, admin := startAdmin(t, "--history-bytes", "32MiB")
	honest, err := dial(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer honest.conn.Close()
	since := map[string]subscription{}
	for i := range 50 {
		room := fmt.Sprint("honest", i)
		sub, err := honest.subscribe(room, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		since[room] = sub
		for id := range 3 {
			if err := honest.send(fmt.Sprintf(`{"id":%d,"publish":{"channel":%q,"data":%q}}`, id+5, room, strings.Repeat("h", 1000))); err != nil {
				t.Fatal(err)
			}
			if _, err := honest.await(fmt.Sprintf(`{"id":%d,`, id+5)); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = honest.conn.Close()
	big := strings.Repeat("x", 50_000)
	flood(t, s.addr, 1, 1000, func(int, int) string { return "flood" }, big)
	flood(t, s.addr, 1, 1000, func(_, i int) string { return fmt.Sprint("flood", i) }, big)
	p := join(t, s.addr, "lobby")
	for room, at := range since {
		if got, err := p.subscribe(room, at.Epoch, at.Offset); err != nil || !got.Recovered || len(got.Publications) != 3 {
			t.Fatalf("%s has lost its history: %+v, %v", room, got, err)
		}
	}
	if n := metric(t, admin, "throng_history_bytes"); n > 5<<20 {
		t.Errorf("the flood holds %.0f bytes of the history", n)
	}
}
