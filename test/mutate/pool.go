package main

import "sync"

// pool does so many things at once.
type pool struct {
	places chan struct{}
	all    sync.WaitGroup
}

func newPool(n int) *pool { return &pool{places: make(chan struct{}, n)} }

// do returns when there is a place for f, which then runs.
func (p *pool) do(f func()) {
	p.places <- struct{}{}
	p.all.Go(func() {
		defer func() { <-p.places }()
		f()
	})
}

func (p *pool) wait() { p.all.Wait() }
