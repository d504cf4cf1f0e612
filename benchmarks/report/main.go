// Report writes the benchmark tables of the documentation from the results of benchmark runs:
//
//	report results/DATE.json...
//
// All tables, goals and plots go to docs/benchmarks.md, and one small table of the first run to the README. In both it
// replaces only the text between the two marks. A server that failed or lost a message has the word
// instead of a number, and the reason below the table; one that was not installed is named in a sentence.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/throngd/throng/benchmarks/internal/result"
)

const (
	begin = "<!-- numbers: written by benchmarks/report -->"
	end   = "<!-- end of numbers -->"
)

func main() {
	page := flag.String("page", "../docs/benchmarks.md", "`file` that gets everything, - for standard output alone")
	readme := flag.String("readme", "../README.md", "`file` that gets the small table and one plot of the first run")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: report [flags] FILE.json...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*page, *readme, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "report: error:", err)
		os.Exit(1)
	}
}

func run(page, readme string, paths []string) error {
	if len(paths) == 0 {
		return errors.New("which results? report results/DATE.json")
	}
	var all, small bytes.Buffer
	for i, path := range paths {
		r, err := result.Read(path)
		if err != nil {
			return err
		}
		section(&all, r)
		if err := plots(&all, page, path, "deliveries", "idle", "growth", "latency"); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		summary(&small, r)
		if err := plots(&small, readme, path, "idle"); err != nil {
			return err
		}
	}
	if page == "-" {
		_, err := os.Stdout.Write(all.Bytes())
		return err
	}
	return errors.Join(update(page, all.Bytes()), update(readme, small.Bytes()))
}

// update replaces the text between the marks of a file.
func update(path string, text []byte) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, err := replace(old, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, page, 0o644)
}

// replace replaces the text between the marks of page.
func replace(page, text []byte) ([]byte, error) {
	head, rest, ok1 := bytes.Cut(page, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("has no %s and %s behind it", begin, end)
	}
	return bytes.Join([][]byte{head, []byte(begin + "\n"), text, []byte(end), tail}, nil), nil
}

// plots returns links to those of the named plots whose files exist beside the results.
func plots(out *bytes.Buffer, page, path string, names ...string) error {
	if page == "-" {
		return nil
	}
	from, err := filepath.Abs(filepath.Dir(page))
	if err != nil {
		return err
	}
	base, err := filepath.Abs(path[:len(path)-len(filepath.Ext(path))])
	if err != nil {
		return err
	}
	for _, name := range names {
		svg := base + "-" + name + ".svg"
		if _, err := os.Stat(svg); err != nil {
			continue // not drawn
		}
		link, err := filepath.Rel(from, svg)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "![%s](%s)\n\n", titles[name], filepath.ToSlash(link))
	}
	return nil
}

// titles are the alternative texts of the plots.
var titles = map[string]string{
	"deliveries": "Plot: deliveries a second", "idle": "Plot: memory of an idle connection",
	"growth": "Plot: memory and CPU time as connections grow", "latency": "Plot: latency",
}
