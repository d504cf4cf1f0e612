// Plot draws the results of a benchmark run as SVG files beside the JSON file:
//
//	plot results/DATE.json
//
// DATE-deliveries.svg, -idle.svg, -growth.svg and -latency.svg; without a file it takes the
// newest of results/. A server that lost a message or failed has the word LOST or FAILED instead
// of a bar. A server without a kind of workload has no bar. A plot without any figure is not drawn.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/throngd/throng/benchmarks/internal/result"
)

func main() {
	dir := flag.String("results", "results", "`directory` whose newest file is taken when none is named")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: plot [flags] [FILE.json...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "plot: error:", err)
		os.Exit(1)
	}
}

func run(dir string, paths []string) error {
	if len(paths) == 0 {
		newest, err := newest(dir)
		if err != nil {
			return err
		}
		paths = []string{newest}
	}
	for _, path := range paths {
		if err := drawAll(path); err != nil {
			return err
		}
	}
	return nil
}

// newest returns the last file by name: the names are dates.
func newest(dir string) (string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", fmt.Errorf("%s has no results: make bench, or name a file", dir)
	}
	return slices.Max(all), nil
}

func drawAll(path string) error {
	run, err := result.Read(path)
	if err != nil {
		return err
	}
	pages := map[string]func(*result.Run) (*page, error){
		"deliveries": deliveries, "idle": idle, "growth": growth, "latency": latency,
	}
	for _, name := range []string{"deliveries", "idle", "growth", "latency"} {
		p, err := pages[name](run)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(p.panels) == 0 {
			fmt.Fprintf(os.Stderr, "plot: %s has nothing for %s\n", path, name)
			continue
		}
		out := strings.TrimSuffix(path, ".json") + "-" + name + ".svg"
		if err := p.write(run, out); err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, "plot: written:", out)
	}
	return nil
}
