// Report writes the numbers of the README from the results of benchmark runs:
//
//	report results/DATE.json...
//
// It replaces what stands between the two marks, and nothing else. A server that failed or
// lost a message has no number there but the word, and the reason below the table.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/throngd/throng/benchmarks/internal/measured"
)

const (
	begin = "<!-- numbers: written by benchmarks/report -->"
	end   = "<!-- end of numbers -->"
)

func main() {
	readme := flag.String("readme", "../README.md", "`file` to write into, - for standard output alone")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: report [flags] FILE.json...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*readme, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "report: error:", err)
		os.Exit(1)
	}
}

func run(readme string, paths []string) error {
	if len(paths) == 0 {
		return errors.New("which results? report results/DATE.json")
	}
	var out bytes.Buffer
	for _, path := range paths {
		r, err := measured.Read(path)
		if err != nil {
			return err
		}
		section(&out, r)
		if err := pictures(&out, readme, path); err != nil {
			return err
		}
	}
	if readme == "-" {
		_, err := os.Stdout.Write(out.Bytes())
		return err
	}
	old, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	text, err := replace(old, out.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return os.WriteFile(readme, text, 0o644)
}

// replace puts text between the marks of page.
func replace(page, text []byte) ([]byte, error) {
	head, rest, ok1 := bytes.Cut(page, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("has no %s and %s behind it", begin, end)
	}
	return bytes.Join([][]byte{head, []byte(begin + "\n"), text, []byte(end), tail}, nil), nil
}

// pictures shows the plots that stand beside the results.
func pictures(out *bytes.Buffer, readme, path string) error {
	if readme == "-" {
		return nil
	}
	from, err := filepath.Abs(filepath.Dir(readme))
	if err != nil {
		return err
	}
	base, err := filepath.Abs(path[:len(path)-len(filepath.Ext(path))])
	if err != nil {
		return err
	}
	for _, name := range []string{"deliveries", "idle", "growth", "latency"} {
		svg := base + "-" + name + ".svg"
		if _, err := os.Stat(svg); err != nil {
			continue // not drawn
		}
		link, err := filepath.Rel(from, svg)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "![%s](%s)\n\n", name, filepath.ToSlash(link))
	}
	return nil
}
