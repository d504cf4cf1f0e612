package proxies

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/certs/certtest"
)

// example is a block of docs/operations.md: a configuration of a proxy, and the command that starts throng
// behind it.
type example struct {
	language, title, command, config string

	host   string // of the page
	prefix string // path of the page
	tls    bool   // at the proxy's port

	dir   string
	front string // address of the proxy
	pages int    // requests for the page so far
}

var fenced = regexp.MustCompile("(?ms)^```(nginx|caddy|haproxy)\n# (.*?)\n# throng serve (.*?)\n(.*?)^```$")

func examples(t *testing.T) (all []*example) {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fenced.FindAllStringSubmatch(string(page), -1) {
		e := &example{language: m[1], title: m[2], command: m[3], config: m[4], prefix: "/", host: "chat.example", tls: m[1] != "caddy"}
		if strings.Contains(e.title, "below /chat/") {
			e.prefix, e.host = "/chat/", "www.example"
		}
		all = append(all, e)
	}
	if len(all) < 7 {
		t.Fatalf("docs/operations.md has %d examples", len(all))
	}
	return all
}

// place adapts the example to this machine: free ports, certificates and paths of the test. Its timeouts
// become 3 s, so that only pings keep a silent connection open, and a single health check counts.
func (e *example) place(t *testing.T) {
	t.Helper()
	e.dir = t.TempDir()
	pair := certtest.New(t, e.host)
	cert := certtest.Write(t, filepath.Join(e.dir, "fullchain.pem"), pair.Cert)
	key := certtest.Write(t, filepath.Join(e.dir, "privkey.pem"), pair.Key)
	both := certtest.Write(t, filepath.Join(e.dir, "both.pem"), append(append([]byte{}, pair.Cert...), pair.Key...))
	ssl := "/etc/ssl/" + e.host + "/"
	files := strings.NewReplacer(ssl+"fullchain.pem", cert, ssl+"privkey.pem", key, ssl+"both.pem", both,
		"/run/throng/public.sock", filepath.Join(e.dir, "public.sock"))
	e.command, e.config = files.Replace(e.command), files.Replace(e.config)
	e.front = free(t)
	e.config = strings.NewReplacer("listen 443", "listen "+e.front, "bind :443", "bind "+e.front, "120s", "3s", "60s", "3s",
		" check", " check inter 300ms fall 1").Replace(e.config)
	if e.language == "caddy" { // whose certificates come from outside
		_, port, _ := net.SplitHostPort(e.front)
		e.config = strings.Replace(e.config, e.host+" {", "http://"+e.host+":"+port+" {\n\tbind 127.0.0.1\n", 1)
	}
}

// free returns an address on which no process listens.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// Every timeout for silent WebSockets in the examples is longer than the time after which throng closes a
// client that does not answer pings.
func TestTimeoutsAbovePings(t *testing.T) {
	for _, e := range examples(t) {
		silence := regexp.MustCompile(`(?:proxy_read_timeout|proxy_send_timeout|timeout tunnel) +(\S+?);?\n`)
		if strings.Contains(e.config, "mode tcp") {
			silence = regexp.MustCompile(`timeout (?:client|server) +(\S+)\n`)
		}
		found := silence.FindAllStringSubmatch(e.config, -1)
		if len(found) == 0 && e.language != "caddy" {
			t.Errorf("%s: no timeout", e.title)
		}
		for _, m := range found {
			if m[1] != "120s" {
				t.Errorf("%s: %s", e.title, m[0])
			}
		}
	}
}
