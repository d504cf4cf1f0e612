package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// lobbyForAll lets anybody into a room and speak there.
var lobbyForAll = []string{
	"THRONG_CLIENT_ALLOW_ANONYMOUS_CONNECT_WITHOUT_TOKEN=true",
	"THRONG_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_CLIENT=true",
	"THRONG_CHANNEL_WITHOUT_NAMESPACE_ALLOW_SUBSCRIBE_FOR_ANONYMOUS=true",
	"THRONG_CHANNEL_WITHOUT_NAMESPACE_ALLOW_PUBLISH_FOR_SUBSCRIBER=true",
	"THRONG_CHANNEL_WITHOUT_NAMESPACE_ALLOW_PUBLISH_FOR_ANONYMOUS=true",
}

// startServer runs a real throng serve until the test ends.
func startServer(t *testing.T, env []string, args ...string) *runningServer {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &runningServer{cmd: exec.Command(exe, append([]string{"serve"}, args...)...), ended: make(chan struct{})}
	s.cmd.Args[0] = "throng" // testscript.Main runs the command of this name
	s.cmd.Env = append(os.Environ(), env...)
	s.output = &watched{changed: make(chan struct{}, 1)}
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); <-s.ended })
	return s
}

// says waits until the server has written what re matches, and returns its first group.
func (s *runningServer) says(t *testing.T, re *regexp.Regexp) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if m := re.FindStringSubmatch(s.output.String()); m != nil {
			return strings.Join(m[1:], "")
		}
	}
	t.Fatalf("no %s in: %s", re, s.output)
	return ""
}

// member is somebody in the room during a drain, and what they saw.
type member struct {
	ws      *websocket.Conn
	offsets []uint64             // of the messages that came, in order
	acked   map[uint64]time.Time // of our messages, when the answer came
	answer  chan struct{}        // one was answered; closed with the connection
	code    websocket.StatusCode
	closed  time.Time
}

func joinRoom(t *testing.T, url string) *member {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	m := &member{ws: ws, acked: map[uint64]time.Time{}, answer: make(chan struct{}, 1)}
	m.write(t.Context(), `{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"channel":"lobby"}}`)
	for joined := false; !joined; {
		_, b, err := ws.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		joined = strings.Contains(string(b), `"id":2,"subscribe"`)
	}
	return m
}

func (m *member) write(ctx context.Context, text string) {
	_ = m.ws.Write(ctx, websocket.MessageText, []byte(text)) // the read tells what went wrong
}

// listen reads until the connection ends.
func (m *member) listen(ctx context.Context) {
	defer close(m.answer)
	for {
		_, b, err := m.ws.Read(ctx)
		if err != nil {
			m.code, m.closed = websocket.CloseStatus(err), time.Now()
			return
		}
		for line := range strings.SplitSeq(string(b), "\n") {
			m.note(line)
		}
	}
}

func (m *member) note(line string) {
	var reply struct {
		Publish struct{ Offset uint64 }
		Push    struct{ Pub struct{ Offset uint64 } }
	}
	if line == "{}" {
		return
	}
	if err := json.Unmarshal([]byte(line), &reply); err != nil {
		panic(line)
	}
	if n := reply.Push.Pub.Offset; n != 0 {
		m.offsets = append(m.offsets, n)
	}
	if n := reply.Publish.Offset; n != 0 {
		m.acked[n] = time.Now()
		m.answer <- struct{}{}
	}
}

// speak publishes one message after the other until the connection ends.
func (m *member) speak(ctx context.Context) {
	for i := 3; ; i++ {
		m.write(ctx, fmt.Sprintf(`{"id":%d,"publish":{"channel":"lobby","data":%d}}`, i, i))
		if _, ok := <-m.answer; !ok {
			return
		}
		time.Sleep(5 * time.Millisecond) // the pace of the test: what is measured is order, not speed
	}
}

// TestDrain sends SIGTERM to a server whose members publish all the time.
// Everybody is closed with 3001, spread over the drain; nobody misses a message
// that was acknowledged before; nobody new comes in.
func TestDrain(t *testing.T) {
	const people, speakers, drain = 40, 8, 1500 * time.Millisecond
	s := startServer(t, lobbyForAll, "--drain", drain.String(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--loops", "2")
	addr, admin := s.says(t, listening), s.says(t, adminAt)
	var members []*member
	for range people {
		members = append(members, joinRoom(t, "ws://"+addr+"/ws"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i, m := range members {
		all.Go(func() { m.listen(ctx) })
		if i%(people/speakers) == 0 {
			all.Go(func() { m.speak(ctx) })
		}
	}
	time.Sleep(300 * time.Millisecond) // of traffic
	told := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	refusesNewcomers(t, addr, "http://"+admin+"/readyz")
	all.Wait()
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.output)
	}
	checkSpread(t, members, told, drain)
	checkMessages(t, members)
}

// refusesNewcomers: /readyz fails and the port is closed, while those inside stay.
func refusesNewcomers(t *testing.T, addr, readyz string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	ready, open := true, true
	for deadline := time.Now().Add(500 * time.Millisecond); (ready || open) && time.Now().Before(deadline); {
		if resp, err := client.Get(readyz); err == nil {
			ready = resp.StatusCode != http.StatusServiceUnavailable
			_ = resp.Body.Close()
		}
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if open = err == nil; open {
			_ = c.Close()
		}
	}
	if ready || open {
		t.Errorf("half a second after SIGTERM: ready %v, open %v", ready, open)
	}
}

func checkSpread(t *testing.T, members []*member, told time.Time, drain time.Duration) {
	t.Helper()
	quarters := [4]int{}
	for _, m := range members {
		if m.code != 3001 {
			t.Errorf("closed with %d, want 3001", m.code)
		}
		quarters[max(0, min(3, int(4*m.closed.Sub(told)/drain)))]++
	}
	t.Logf("closed in each quarter of the drain: %v", quarters)
	for _, n := range quarters {
		if n == 0 || n > len(members)*6/10 { // a busy machine is late with some
			t.Errorf("the closes are not spread: %v in the quarters of the drain", quarters)
			break
		}
	}
}

// checkMessages: the room's messages are all that anybody saw; each member has
// the first of them without a gap, and all that were acknowledged before.
func checkMessages(t *testing.T, members []*member) {
	t.Helper()
	var order []uint64 // of the one who saw most
	acked := map[uint64]time.Time{}
	for _, m := range members {
		if len(m.offsets) > len(order) {
			order = m.offsets
		}
		for n, at := range m.acked {
			acked[n] = at
		}
	}
	t.Logf("%d messages, %d acknowledged", len(order), len(acked))
	if len(acked) < 100 {
		t.Error("hardly a message was acknowledged: nothing was tested")
	}
	for i, m := range members {
		for k, n := range m.offsets {
			if n != order[k] {
				t.Fatalf("member %d: message %d has offset %d, want %d", i, k, n, order[k])
			}
		}
		have := map[uint64]bool{}
		for _, n := range m.offsets {
			have[n] = true
		}
		for n := range m.acked { // push and answer come on one connection: no clock is needed
			if !have[n] {
				t.Errorf("member %d was told that %d is stored, and never got it", i, n)
			}
		}
		for n, at := range acked {
			if at.Before(m.closed.Add(-300*time.Millisecond)) && !have[n] {
				t.Errorf("member %d: %d was acknowledged %v before its close and did not come", i, n, m.closed.Sub(at))
			}
		}
	}
}
