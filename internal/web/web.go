package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:generate ./generate.sh

//go:embed static
var static embed.FS

const (
	assetPrefix = "/assets/"
	// versionMark is the placeholder in index.html for the version of the assets.
	versionMark = "{{version}}"
)

// contentTypes are the files that are served, by extension: the types of the
// machine's mime table would differ from host to host.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// asset is one file in memory. It is immutable.
type asset struct {
	name        string // under static/
	data        []byte
	contentType string
	etag        string
}

// site is the page and its assets. It is immutable, so any goroutine may serve from it.
type site struct {
	index   asset
	files   map[string]asset
	version string
}

// Handler serves the page and its assets. It holds no state: one handler may
// serve any number of requests at once. Only GET and HEAD are answered.
func Handler() http.Handler { return newSite(static) }

func newSite(f fs.FS) *site {
	s := &site{files: map[string]asset{}}
	all := sha256.New()
	err := fs.WalkDir(f, "static", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || contentTypes[path.Ext(p)] == "" {
			return err
		}
		data, err := fs.ReadFile(f, p)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(p, "static/")
		s.files[name] = newAsset(name, data)
		all.Write([]byte(name))
		all.Write(data)
		return nil
	})
	if err != nil {
		panic("web: the embedded files cannot be read: " + err.Error())
	}
	s.version = hex.EncodeToString(all.Sum(nil)[:6])
	page := bytes.ReplaceAll(s.files["index.html"].data, []byte(versionMark), []byte(s.version))
	s.index = newAsset("index.html", page)
	delete(s.files, "index.html")
	return s
}

func newAsset(name string, data []byte) asset {
	sum := sha256.Sum256(data)
	return asset{
		name:        name,
		data:        data,
		contentType: contentTypes[path.Ext(name)],
		etag:        `"` + hex.EncodeToString(sum[:12]) + `"`,
	}
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSecurityHeaders(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a, caching, ok := s.find(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", caching)
	h.Set("ETag", a.etag)
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.data))
}

// find gives the asset of a path and how long it may be kept. The assets of
// another version are asked for by a page that was loaded from another node
// during an update: it gets this node's, and may not keep them.
func (s *site) find(p string) (a asset, caching string, ok bool) {
	if p == "/" {
		return s.index, "no-cache", true
	}
	version, name, ok := strings.Cut(strings.TrimPrefix(p, assetPrefix), "/")
	if !ok || !strings.HasPrefix(p, assetPrefix) {
		return asset{}, "", false
	}
	a, ok = s.files[name]
	if version != s.version {
		return a, "no-store", ok
	}
	return a, "public, max-age=31536000, immutable", ok
}
