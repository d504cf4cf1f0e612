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
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// lobbyForAll lets anonymous clients subscribe and publish.
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

// member is a client in the room during a drain, and the messages and replies that it received.
type member struct {
	ws      *websocket.Conn
	offsets []uint64      // of the messages received, in order
	acked   []uint64      // of our messages
	refused int           // of our messages, with the temporary 111
	answer  chan struct{} // one was answered; closed with the connection

	progress chan struct{} // full when the connection has seen enough messages
	code     websocket.StatusCode
	closed   time.Time
}

func joinRoom(t *testing.T, url string) *member {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	m := &member{ws: ws, answer: make(chan struct{}, 1), progress: make(chan struct{}, 200)}
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
	_ = m.ws.Write(ctx, websocket.MessageText, []byte(text)) // listen reports the error
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
		Error   struct {
			Code      int
			Temporary bool
		}
	}
	if line == "{}" {
		return
	}
	if err := json.Unmarshal([]byte(line), &reply); err != nil {
		panic(line)
	}
	if n := reply.Push.Pub.Offset; n != 0 {
		m.offsets = append(m.offsets, n)
		select {
		case m.progress <- struct{}{}:
		default:
		}
	}
	switch n := reply.Publish.Offset; {
	case n != 0:
		m.acked = append(m.acked, n)
		m.answer <- struct{}{}
	case reply.Error.Code != 0:
		if reply.Error.Code != 111 || !reply.Error.Temporary {
			panic(line)
		}
		m.refused++
		m.answer <- struct{}{}
	}
}

// speak publishes one message after another until the connection ends.
func (m *member) speak(ctx context.Context) {
	for i := 3; ; i++ {
		m.write(ctx, fmt.Sprintf(`{"id":%d,"publish":{"channel":"lobby","data":%d}}`, i, i))
		if _, ok := <-m.answer; !ok {
			return
		}
		time.Sleep(5 * time.Millisecond) // limits the rate: the test checks the order, not the speed
	}
}

// TestDrainDeliversAcknowledgedMessages sends SIGTERM to a server whose members publish all the time.
// Every connection is closed with 3001, and the closes are spread over the drain.
// Every member receives every acknowledged message, however early it is closed.
// New connections are refused.
func TestDrainDeliversAcknowledgedMessages(t *testing.T) {
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
	for len(members[0].progress) < cap(members[0].progress) && ctx.Err() == nil {
		time.Sleep(time.Millisecond) // until there was traffic
	}
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

// refusesNewcomers checks that /readyz fails and the port is closed while connections are open.
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

// checkMessages checks that each member has the room's messages in order, and every
// message that was acknowledged to any member.
func checkMessages(t *testing.T, members []*member) {
	t.Helper()
	var order, acked []uint64 // order: the offsets of the member with the most messages
	refused := 0
	for _, m := range members {
		if len(m.offsets) > len(order) {
			order = m.offsets
		}
		acked, refused = append(acked, m.acked...), refused+m.refused
	}
	t.Logf("%d messages, %d acknowledged, %d refused", len(order), len(acked), refused)
	if len(acked) < 100 || refused == 0 {
		t.Error("hardly a message was acknowledged, or none refused: nothing was tested")
	}
	for i, m := range members {
		if !slices.Equal(m.offsets, order[:len(m.offsets)]) {
			t.Errorf("member %d has other messages than those who saw most", i)
		}
		for _, n := range acked {
			if _, found := slices.BinarySearch(m.offsets, n); !found {
				t.Errorf("member %d never got %d, which was acknowledged", i, n)
			}
		}
	}
}

// TestServerServesDuringDrainDelay: during --drain-delay /readyz fails and the server serves
// old and new connections; a second signal ends the process.
func TestServerServesDuringDrainDelay(t *testing.T) {
	s := startServer(t, lobbyForAll, "--drain-delay", "1h", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	addr, admin := s.says(t, listening), s.says(t, adminAt)
	early := joinRoom(t, "ws://"+addr+"/ws")
	s.signal(t, syscall.SIGTERM)
	for began := time.Now(); ready(t, admin); time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("still ready")
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} { // as load balancers ask
		if code := statusOf(t, method, "http://"+addr+"/"); code != http.StatusServiceUnavailable {
			t.Errorf("%s / is answered with %d", method, code)
		}
	}
	late := joinRoom(t, "ws://"+addr+"/ws")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, m := range []*member{early, late} {
		go m.listen(ctx)
		m.write(ctx, `{"id":3,"publish":{"channel":"lobby","data":3}}`)
		if _, ok := <-m.answer; !ok || len(m.acked) != 1 {
			t.Fatal("a publish during the delay was not acknowledged")
		}
	}
	time.Sleep(oneSignal) // before that, it counts as the first signal
	s.signal(t, syscall.SIGTERM)
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d: %s", code, s.output)
	}
}

// TestConnectionsAreClosedAfterDrainDelay: after the delay the connections are closed at the default
// rate. A single connection is closed at once.
func TestConnectionsAreClosedAfterDrainDelay(t *testing.T) {
	const delay = 500 * time.Millisecond
	s := startServer(t, lobbyForAll, "--drain-delay", delay.String(), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	m := joinRoom(t, "ws://"+s.says(t, listening)+"/ws")
	told := time.Now()
	s.signal(t, syscall.SIGTERM)
	m.listen(t.Context())
	if took := m.closed.Sub(told); m.code != 3001 || took < delay || took > delay+10*time.Second {
		t.Errorf("closed with %d after %v", m.code, took)
	}
	<-s.ended
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.output)
	}
}

func (s *runningServer) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// ready asks /readyz.
func ready(t *testing.T, admin string) bool {
	t.Helper()
	return statusOf(t, http.MethodGet, "http://"+admin+"/readyz") == http.StatusOK
}

func statusOf(t *testing.T, method, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
