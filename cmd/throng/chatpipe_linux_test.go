package main

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestUnreadOutputDoesNotDelayChat: the lines of a pipe are published although the reader of the output has
// gone or does not read, and SIGTERM ends the client in time.
func TestUnreadOutputDoesNotDelayChat(t *testing.T) {
	server := startServer(t, nil, "--dev", "--listen", "127.0.0.1:0", "--admin", "")
	addr := server.says(t, listening)
	reader := joinRoom(t, "ws://"+addr+"/ws")
	speak := func(w *os.File, lines string) (s *runningServer, in io.Closer) {
		t.Helper()
		s, pipe := startTalking(t, w, "chat", "ws://"+addr+"/ws", "lobby", "--history", "1000")
		if _, err := io.WriteString(pipe, lines); err != nil {
			t.Fatal(err)
		}
		return s, pipe
	}
	hears := func(text string) {
		t.Helper()
		for {
			_, b, err := reader.ws.Read(t.Context())
			if err != nil {
				t.Fatalf("waiting for %q: %v", text, err)
			}
			if strings.Contains(string(b), text) {
				return
			}
		}
	}

	reader.write(t.Context(), `{"id":3,"publish":{"channel":"lobby","data":{"text":"earlier"}}}`) // is in the history
	hears(`"id":3`)
	gone, in := speak(brokenPipe(t), "one\ntwo\nthree\n")
	hears("three")
	_ = in.Close()
	gone.endsWith(t, 0)

	_, full := fullPipe(t)
	stuck, in := speak(full, "four\nfive\n")
	hears("five")
	_ = in.Close()
	for alone := false; !alone; { // it has left when everything is acknowledged
		reader.write(t.Context(), `{"id":9,"presence_stats":{"channel":"lobby"}}`)
		_, b, err := reader.ws.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		alone = strings.Contains(string(b), `"num_clients":1,`)
	}
	began := time.Now()
	stuck.signal(t, syscall.SIGTERM)
	stuck.endsWith(t, 0)
	if took := time.Since(began); took > flushTime+8*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// startTalking is like startCommand, and returns a pipe to the standard input.
func startTalking(t *testing.T, w *os.File, args ...string) (*runningServer, io.WriteCloser) {
	t.Helper()
	r, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	t.Cleanup(func() { _ = in.Close() })
	s := commandWith(t, w, args...)
	s.cmd.Stdin = r
	s.begin(t)
	return s, in
}
