package docs

import (
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestReleasedFilesExist: every file that .goreleaser.yaml puts into an archive or a package is in the repository.
func TestReleasedFilesExist(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var release struct {
		Archives []struct{ Files []string }
		Nfpms    []struct {
			Contents []struct{ Src string }
			Scripts  map[string]string
		}
	}
	if err := yaml.Unmarshal(b, &release); err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, a := range release.Archives {
		files = append(files, a.Files...)
	}
	for _, p := range release.Nfpms {
		for _, c := range p.Contents {
			files = append(files, c.Src)
		}
		for _, script := range p.Scripts {
			files = append(files, script)
		}
	}
	if len(files) < 10 {
		t.Errorf("only %d files: %q", len(files), files)
	}
	for _, file := range files {
		if found, err := filepath.Glob(filepath.Join(root, file)); err != nil || len(found) == 0 {
			t.Errorf("%s does not exist (%v)", file, err)
		}
	}
}
