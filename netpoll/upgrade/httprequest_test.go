package upgrade

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

func TestRequestOfNetHTTP(t *testing.T) {
	h := httptest.NewRequest(http.MethodGet, "/a%20b?c=d", nil)
	h.Host = "good.example:8080"
	h.Header = http.Header{"Origin": {"https://good.example"}, "Upgrade": {"websocket"}, "X-List": {"1", "2"}}
	r, err := NewRequest(h)
	if err != nil {
		t.Fatal(err)
	}
	if !r.WebSocket() || r.Method() != "GET" || r.Path() != "/a%20b" || r.Query() != "c=d" || r.Host() != h.Host ||
		r.Origin() != "https://good.example" || !slices.Equal(r.Values("x-list"), []string{"1", "2"}) {
		t.Errorf("%q", r.Block())
	}
}

// TestRequestWithLineBreaks: no value of net/http's request becomes a field of its own.
func TestRequestWithLineBreaks(t *testing.T) {
	for _, inject := range []string{"x\r\nX-Evil: 1", "x\r\n\r\nGET / HTTP/1.1", "x\n", "x\r", "x\x00"} {
		for _, in := range []func(*http.Request){
			func(h *http.Request) { h.Host = inject },
			func(h *http.Request) { h.Header.Set("Origin", inject) },
			func(h *http.Request) { h.Header["X-"+inject] = []string{"1"} },
			func(h *http.Request) { h.RequestURI = "/" + inject },
		} {
			h := httptest.NewRequest(http.MethodGet, "/", nil)
			in(h)
			if r, err := NewRequest(h); err == nil {
				t.Errorf("%q is accepted", r.Block())
			}
		}
	}
}
