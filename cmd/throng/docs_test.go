package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/throngd/throng/internal/config"
)

// pages are the documents with commands and configurations to copy.
func pages(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md"} {
		matches, err := filepath.Glob(pattern)
		if err != nil || len(matches) == 0 {
			t.Fatal(pattern, err)
		}
		files = append(files, matches...)
	}
	return files
}

// block is a piece of code in a page: fenced with three backticks, or indented by four spaces.
type block struct{ language, text string }

func blocks(page string) (all []block) {
	var code *block
	fenced := false
	for line := range strings.Lines(page) {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && !fenced:
			fenced, code = true, &block{language: fence}
		case isFence:
			all, fenced, code = append(all, *code), false, nil
		case fenced:
			code.text += line
		case strings.HasPrefix(line, "    "):
			if code == nil {
				code = &block{}
			}
			code.text += line[4:]
		case code != nil:
			all, code = append(all, *code), nil
		}
	}
	return all
}

var (
	continued = regexp.MustCompile(`\\\n\s*`)
	throngRun = regexp.MustCompile(`^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:sudo )?(?:bin/|/)?throng( .*)?$`)
	shellRest = regexp.MustCompile(`\s+(#|&|>|<|\||2>).*$`)
)

// commands are the arguments of throng in the shell commands of a page.
func commands(page string) (all [][]string) {
	for _, b := range blocks(page) {
		if b.language != "" && b.language != "sh" {
			continue
		}
		for line := range strings.Lines(continued.ReplaceAllString(b.text, " ")) {
			line = shellRest.ReplaceAllString(strings.TrimSpace(line), "")
			if m := throngRun.FindStringSubmatch(line); m != nil {
				all = append(all, strings.Fields(strings.ReplaceAll(m[1], "'", "")))
			}
		}
	}
	return all
}

// TestDocumentedCommandsAreAccepted: throng accepts every throng command of the README and the docs.
func TestDocumentedCommandsAreAccepted(t *testing.T) {
	n := 0
	for _, file := range pages(t) {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, args := range commands(string(page)) {
			n++
			parser, err := newParser(&streams{out: io.Discard, err: io.Discard})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(args); err != nil {
				t.Errorf("%s: throng %s: %v", filepath.Base(file), strings.Join(args, " "), err)
			}
		}
	}
	if n < 12 {
		t.Errorf("only %d commands were found", n)
	}
}

// TestDocumentedConfigurationsAreValid: throng can load every YAML block with its configuration. In other YAML blocks every
// THRONG_* variable exists.
func TestDocumentedConfigurationsAreValid(t *testing.T) {
	own := 0
	for _, file := range pages(t) {
		page, _ := os.ReadFile(file)
		for _, b := range blocks(string(page)) {
			if b.language != "yaml" {
				continue
			}
			var tree any
			if err := yaml.Unmarshal([]byte(b.text), &tree); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			for _, m := range regexp.MustCompile(`name: (THRONG_[A-Z_]+), value: "(.*?)"`).FindAllStringSubmatch(b.text, -1) {
				if _, err := config.Load(config.Layers{Env: []string{m[1] + "=" + m[2]}}); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
			if !strings.Contains(b.text, "throng serve --config") {
				continue
			}
			own++
			path := filepath.Join(t.TempDir(), "throng.yaml")
			if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := config.Load(config.Layers{File: path}); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	if own == 0 {
		t.Error("the README shows no configuration")
	}
}

// TestReadmeProgramIsTheExample: the program of the README is the example that is built and tested.
func TestReadmeProgramIsTheExample(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../netpoll/examples/echo/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ = bytes.Cut(example, []byte("package main"))
	for _, b := range blocks(string(page)) {
		if program, ok := strings.CutPrefix(b.text, "package main"); ok && program == string(example) {
			return
		}
	}
	t.Errorf("README.md does not have netpoll/examples/echo/main.go:%s", example)
}

// TestPackagedConfigurationIsValid: the configuration that the deb and rpm packages install is valid.
func TestPackagedConfigurationIsValid(t *testing.T) {
	if _, err := config.Load(config.Layers{File: "../../deploy/throng.yaml"}); err != nil {
		t.Error(err)
	}
}
