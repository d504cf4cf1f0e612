//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throngd/throng/benchmarks/internal/result"
)

// Cores of the two sides when they are pinned.
const (
	serverCore    = 0
	generatorCore = 1
)

// notSpoken is the fault of a server that does not do this kind of work: not a failure.
const notSpoken = "-"

// slice is how long a turn is measured where servers take turns, see load/turns.go: long beside what the first messages
// of a turn take, short beside what the machine's drift takes.
const slice = 250 * time.Millisecond

// fewestTurns is how many each server has, however short the time is.
const fewestTurns = 2

// inTurns are the kinds of work in which servers take turns: those that can be interrupted.
var inTurns = []string{"fanout", "rooms", "echo", "connect"}

// slice is that of the work, 0 if it is not done in turns. A message to a large room takes a tenth of a second.
func (w work) slice() time.Duration {
	switch {
	case !slices.Contains(inTurns, w.Kind):
		return 0
	case w.Kind == "fanout" && w.Files >= 5000:
		return 4 * slice
	}
	return slice
}

// measure has each of the servers do the work: all of them present and in turns where the work can be interrupted and the
// server can sit still, else one after the other.
func measure(ctx context.Context, o options, some []server, w work) []result.Result {
	results := make([]result.Result, len(some))
	var together, alone []int
	for i, s := range some {
		if s.Restless || w.slice() == 0 {
			alone = append(alone, i)
		} else {
			together = append(together, i)
		}
	}
	takeTurns(ctx, o, some, w, together, results)
	for i := range alone {
		takeTurns(ctx, o, some, w, alone[i:i+1], results)
	}
	return results
}

// takeTurns has those servers do the work that are numbered in who.
func takeTurns(ctx context.Context, o options, some []server, w work, who []int, results []result.Result) {
	var present []*entrant
	for _, i := range who {
		e := enter(ctx, o, some[i], w)
		defer e.leave()
		present = append(present, e)
	}
	if slice := w.slice(); slice > 0 {
		for k := range max((o.seconds+slice-1)/slice, fewestTurns) {
			for _, e := range turned(present, int(k)) {
				e.turn(ctx)
			}
		}
	}
	for n, e := range present {
		results[who[n]] = e.result(ctx, o)
		e.leave()
	}
}

// entrant is a server with its generator, or why there is none.
type entrant struct {
	work     work
	srv, gen *child
	err      error
}

// enter starts a server and its generator and, where there are turns, waits until it is ready for its first.
func enter(ctx context.Context, o options, s server, w work) *entrant {
	e := &entrant{work: w}
	to, ok := s.Speaks[w.Kind]
	if !ok || s.Batching && !w.batched() {
		e.err = errors.New(notSpoken)
		return e
	}
	if need := w.Files + spareFiles; o.files < need {
		e.err = fmt.Errorf("%d open files are allowed, this needs %d: ulimit -n %d", o.files, need, need)
		return e
	}
	starting, cancel := within(ctx, e.limit())
	defer cancel()
	addr, err := freeAddr()
	if err == nil {
		e.srv, err = startServer(starting, o, s, to, addr)
	}
	if err == nil {
		e.gen, err = startGenerator(o, w, to, addr, e.srv)
	}
	if e.err = err; err == nil && w.slice() > 0 {
		e.err = e.ready(ctx, e.limit())
	}
	if e.err != nil {
		e.leave() // it would be in the way of the others
	}
	return e
}

// limit is how long a part of the work may take, beside the time that is measured.
func (e *entrant) limit() time.Duration { return cmp.Or(e.work.Limit, usualLimit) }

func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("took longer than %v", limit))
}

func startServer(ctx context.Context, o options, s server, to speech, addr string) (*child, error) {
	program := filepath.Join(o.bin, cmp.Or(to.Program, s.Program))
	if _, err := os.Stat(program); err != nil {
		return nil, errors.New("not built")
	}
	if err := free(addr); err != nil {
		return nil, err
	}
	admin, err := freeAddr()
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("ADDR", addr, "ADMIN", admin, "PING", pingInterval.String(), "PONG", (pingInterval / 2).String())
	args := slices.Concat(s.Args, to.Args)
	for i := range args {
		args[i] = fill.Replace(args[i])
	}
	srv, err := start(core(o, serverCore), program, args...)
	if err != nil {
		return nil, err
	}
	if err := srv.listens(ctx, addr); err != nil {
		srv.end()
		return nil, err
	}
	return srv, nil
}

func startGenerator(o options, w work, to speech, addr string, srv *child) (*child, error) {
	args := []string{w.Kind, "--addr", addr, "--pid", strconv.Itoa(srv.pid()), "--protocol", to.Protocol, "--path", to.Path, "--time", o.seconds.String()}
	if slice := w.slice(); slice > 0 {
		args = append(args, "--slice", slice.String())
		if o.pinned {
			args = append(args, "--spin") // see load/turns.go
		}
	}
	return start(core(o, generatorCore), filepath.Join(o.bin, "load"), append(args, w.Args...)...)
}

// turn gives the entrant a turn, unless it has failed.
func (e *entrant) turn(ctx context.Context) {
	if e.err != nil || e.gen.ended() {
		return
	}
	_, _ = e.gen.in.Write([]byte{'\n'}) // a generator that has ended does not read
	e.err = e.ready(ctx, e.work.slice()+e.limit())
}

// ready waits until the generator can have a turn, or has ended, which its result explains.
func (e *entrant) ready(ctx context.Context, limit time.Duration) error {
	return e.wait(ctx, limit, e.gen.lines)
}

// wait waits for the event, the generator's end or the server's.
func (e *entrant) wait(ctx context.Context, limit time.Duration, event <-chan struct{}) error {
	ctx, cancel := within(ctx, limit)
	defer cancel()
	select {
	case <-event:
	case <-e.gen.done:
	case <-e.srv.done:
		return fmt.Errorf("the server ended: %s", e.srv.lastWords())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// result ends the turns and reads what the generator has found out.
func (e *entrant) result(ctx context.Context, o options) (r result.Result) {
	if e.err == nil {
		_ = e.gen.in.Close() // a generator that has ended has closed it
		e.err = e.wait(ctx, 2*o.seconds+e.limit(), nil)
	}
	if e.err != nil {
		return result.Result{Fault: e.err.Error()}
	}
	out := bytes.TrimSpace(e.gen.out.Bytes())
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], &r); err != nil {
		return result.Result{Fault: "the generator failed: " + e.gen.lastWords()}
	}
	return r
}

// leave ends both processes.
func (e *entrant) leave() {
	for _, c := range []*child{e.gen, e.srv} {
		if c != nil {
			c.end()
		}
	}
}

// core is -1 for no pinning.
func core(o options, n int) int {
	if !o.pinned {
		return -1
	}
	return n
}
