package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
)

// plan has the mutations to try, by package.
type plan struct {
	root      string
	dirs      []string
	mutations map[string][]*mutation
	explained map[string]string // by id, why one survives
}

const ours = "test/mutate" // where list.yaml and explained.yaml are

func newPlan(root string, o options) (*plan, error) {
	p := &plan{root: root, mutations: map[string][]*mutation{}, explained: map[string]string{}}
	if err := readYAML(filepath.Join(root, ours, "explained.yaml"), &p.explained); err != nil {
		return nil, err
	}
	if o.list {
		listed, err := readList(root, filepath.Join(root, ours, "list.yaml"))
		if err != nil {
			return nil, err
		}
		for _, m := range listed {
			p.add(m, o)
		}
	}
	for _, dir := range o.packages {
		all, err := generated(root, dir)
		if err != nil {
			return nil, err
		}
		for _, m := range sample(all, dir, o) {
			p.add(m, o)
		}
	}
	return p, nil
}

// add plans a mutation, if it is one that is asked for.
func (p *plan) add(m *mutation, o options) {
	dir := m.pkg()
	if !o.only.MatchString(m.id()) || slices.Contains(packages, dir) && !slices.Contains(o.packages, dir) {
		return
	}
	if p.mutations[dir] == nil {
		p.dirs = append(p.dirs, dir)
	}
	p.mutations[dir] = append(p.mutations[dir], m)
}

// generated are all mutations of a package, those of generated code aside.
func generated(root, dir string) (ms []*mutation, err error) {
	cmd := exec.Command("go", "list", "-json=GoFiles", "./"+dir)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	var files struct{ GoFiles []string } // for this system
	if err := json.Unmarshal(out, &files); err != nil {
		return nil, err
	}
	for _, name := range files.GoFiles {
		s, err := readSource(root, path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if !s.generated() {
			ms = append(ms, generate(s)...)
		}
	}
	return ms, nil
}

// sample chooses so many of them, the same ones for the same seed and the same code.
func sample(ms []*mutation, dir string, o options) []*mutation {
	h := fnv.New64a()
	_, _ = h.Write([]byte(dir))
	rnd := rand.New(rand.NewPCG(o.seed, h.Sum64()))
	rnd.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
	return ms[:min(len(ms), o.generated)]
}

// try measures the tests of a package, and then its mutations.
func (p *plan) try(ctx context.Context, dir, temp string, o options, r *report) error {
	temp = filepath.Join(temp, filepath.Base(dir))
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return err
	}
	s, err := newSuite(ctx, p.root, dir, temp, o)
	if err != nil {
		return err
	}
	r.suite(s)
	pool, sources := newPool(o.at), map[string]*source{}
	for _, m := range p.mutations[dir] {
		if sources[m.file] == nil {
			if sources[m.file], err = readSource(p.root, m.file); err != nil {
				return err
			}
		}
		src := sources[m.file]
		pool.do(func() {
			if ctx.Err() == nil {
				r.add(s.try(ctx, src, m))
			}
		})
	}
	pool.wait()
	return ctx.Err()
}
