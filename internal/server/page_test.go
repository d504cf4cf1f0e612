package server

import (
	"net/http"
	"testing"
	"time"
)

// TestEndpointPathsAreNoPages: a plain GET of an endpoint gets an error that names the missing header.
func TestEndpointPathsAreNoPages(t *testing.T) {
	addr, _ := start(t, map[string]any{"dev": true, "drain": time.Duration(0)})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 200},
		{"GET", "/ws", 400},
		{"HEAD", "/connection/websocket", 400},
		{"POST", "/ws", 405},
		{"GET", "/echo", 404}, // needs --echo
		{"GET", "/ws/", 404},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+addr+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, resp.StatusCode, c.want)
		}
	}
}
