//go:build !windows

package netpoll

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestDetachedConnectionsHaveDeadlines: a peer that does not send its request to the end, and one that does not read the
// answer, lose the connection, and with it the place among MaxHTTP.
func TestDetachedConnectionsHaveDeadlines(t *testing.T) {
	ended := make(chan error, 1)
	for name, tt := range map[string]struct {
		request string
		serve   func(w http.ResponseWriter, r *http.Request) error
	}{
		"a request whose body does not come": {
			"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
			func(_ http.ResponseWriter, r *http.Request) error { _, err := io.ReadAll(r.Body); return err },
		},
		"an answer that is not read": {
			"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
			func(w http.ResponseWriter, _ *http.Request) error {
				for { // more than any buffer of the kernel holds
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						return err
					}
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &Server{Loops: 1, MaxHTTP: 1, HTTPReadTimeout: 100 * time.Millisecond, HTTPWriteTimeout: 300 * time.Millisecond, Endpoints: []Endpoint{echo()}, HTTP: http.HandlerFunc(
				func(w http.ResponseWriter, r *http.Request) { ended <- tt.serve(w, r) })})
			c, err := net.Dial("tcp", s.address.String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, tt.request); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if err == nil {
					t.Error("it succeeded")
				}
			case <-time.After(patience):
				t.Error("it has no deadline")
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			_, _ = io.Copy(io.Discard, c) // ends with the connection
			eventually(t, "its place is free", func() bool { return s.atHTTP.Load() == 0 })
		})
	}
}
