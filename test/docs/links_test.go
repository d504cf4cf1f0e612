package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// markdown are the pages of the repository, by their path from its root.
func markdown(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "node_modules", "results"}, d.Name()):
			return fs.SkipDir
		case path.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		pages[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```")
	code    = regexp.MustCompile("`[^`\n]*`")
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// links are the destinations in the repository that a page links to.
func links(text string) (all []string) {
	for _, m := range linked.FindAllStringSubmatch(code.ReplaceAllString(fenced.ReplaceAllString(text, ""), ""), -1) {
		if to := m[1] + m[2]; !strings.Contains(to, "://") && !strings.HasPrefix(to, "mailto:") {
			all = append(all, to)
		}
	}
	return all
}

// anchors are the names that GitHub gives to the headings of a page.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		plain := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(m[1], "$1")
		all[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(plain), ""), " ", "-")] = true
	}
	return all
}

// TestLinksResolve: every relative link of every page leads to a file of the repository, and to a heading where it names one.
func TestLinksResolve(t *testing.T) {
	pages := markdown(t)
	n := 0
	for name, text := range pages {
		for _, to := range links(text) {
			n++
			file, anchor, hasAnchor := strings.Cut(to, "#")
			target := path.Join(path.Dir(name), file)
			if file == "" {
				target = name
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, to)
			} else if page, ok := pages[target]; hasAnchor && (!ok || !anchors(page)[anchor]) {
				t.Errorf("%s links to %s, which has no such heading", name, to)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d links were found", n)
	}
}

// TestIndexIsComplete: docs/index.md links to every page of docs and to the pages at the root.
func TestIndexIsComplete(t *testing.T) {
	pages := markdown(t)
	listed := map[string]bool{}
	for _, to := range links(pages["docs/index.md"]) {
		file, _, _ := strings.Cut(to, "#")
		listed[path.Join("docs", file)] = true
	}
	for name := range pages {
		if name != "docs/index.md" && (strings.HasPrefix(name, "docs/") || !strings.Contains(name, "/")) && !listed[name] {
			t.Errorf("docs/index.md does not link to %s", name)
		}
	}
}

// TestReadmeIsShort: the README is read before the first use, so it has at most 12 KB.
func TestReadmeIsShort(t *testing.T) {
	if n := len(markdown(t)["README.md"]); n > 12<<10 {
		t.Errorf("README.md has %d bytes, more than 12 KB", n)
	}
}

// TestPicturesDifferInColoursOnly: the dark picture of the README shows what the light one shows.
func TestPicturesDifferInColoursOnly(t *testing.T) {
	var drawn []string
	for _, name := range []string{"throng-light.svg", "throng-dark.svg"} {
		b, err := os.ReadFile(filepath.Join(root, "docs/images", name))
		if err != nil {
			t.Fatal(err)
		}
		drawn = append(drawn, regexp.MustCompile(`#[0-9a-f]{6}`).ReplaceAllString(string(b), "#"))
	}
	if drawn[0] != drawn[1] {
		t.Error("docs/images/throng-light.svg and throng-dark.svg differ in more than colours")
	}
}
