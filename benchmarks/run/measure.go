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

// slice is how long a turn is measured where servers take turns, see load/turns.go: much longer than the first messages
// of a turn, much shorter than the time in which the machine's speed changes.
const slice = 250 * time.Millisecond

// fewestTurns is the number of turns of each server, however short the time is.
const fewestTurns = 2

// inTurns are the kinds of workload in which servers take turns: those that can be interrupted.
var inTurns = []string{"fanout", "rooms", "echo", "connect"}

// sliceOf is the length of a turn, 0 if the workload is not done in turns. A message to a large room takes a tenth of a
// second.
func sliceOf(w workload) time.Duration {
	switch {
	case !slices.Contains(inTurns, w.Kind):
		return 0
	case w.Kind == "fanout" && w.Files >= 5000:
		return 4 * slice
	}
	return slice
}

// measure measures the servers at a workload: in turns if the workload can be interrupted, but for the servers that
// are measured alone; otherwise one after the other.
func measure(ctx context.Context, o options, some []server, w workload) []result.Result {
	results := make([]result.Result, len(some))
	var together, alone []int
	for i, s := range some {
		if s.Alone || sliceOf(w) == 0 {
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

// takeTurns measures those servers whose indexes are in who.
func takeTurns(ctx context.Context, o options, some []server, w workload, who []int, results []result.Result) {
	var present []*pair
	for _, i := range who {
		e := startPair(ctx, o, some[i], w)
		defer e.end()
		present = append(present, e)
	}
	if slice := sliceOf(w); slice > 0 {
		for k := range max((o.seconds+slice-1)/slice, fewestTurns) {
			for _, e := range rotated(present, int(k)) {
				e.turn(ctx)
			}
		}
	}
	for n, e := range present {
		results[who[n]] = e.result(ctx, o)
		e.end()
	}
}

// pair is a server with its load generator, or the error with which they could not be started.
type pair struct {
	workload workload
	srv, gen *child
	err      error
}

// startPair starts a server and its generator. With turns it waits until the generator is ready for the first one.
func startPair(ctx context.Context, o options, s server, w workload) *pair {
	e := &pair{workload: w}
	to, ok := s.Endpoints[w.Kind]
	if !ok || s.Batching && !w.Batched() {
		e.err = errors.New(result.NotSupported)
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
	if e.err = err; err == nil && sliceOf(w) > 0 {
		e.err = e.ready(ctx, e.limit())
	}
	if e.err != nil {
		e.end() // so that it does not disturb the others
	}
	return e
}

// limit is how long a part of the workload may take beside the measured time.
func (e *pair) limit() time.Duration { return cmp.Or(e.workload.Limit, usualLimit) }

func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("took longer than %v", limit))
}

func startServer(ctx context.Context, o options, s server, to endpoint, addr string) (*child, error) {
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
	if err := srv.waitForListen(ctx, addr); err != nil {
		srv.end()
		return nil, err
	}
	return srv, nil
}

func startGenerator(o options, w workload, to endpoint, addr string, srv *child) (*child, error) {
	args := []string{w.Kind, "--addr", addr, "--pid", strconv.Itoa(srv.pid()), "--protocol", to.Protocol, "--path", to.Path, "--time", o.seconds.String()}
	if slice := sliceOf(w); slice > 0 {
		args = append(args, "--slice", slice.String())
		if o.pinned {
			args = append(args, "--spin") // see load/turns.go
		}
	}
	return start(core(o, generatorCore), filepath.Join(o.bin, "load"), append(args, w.Args...)...)
}

// turn gives the generator a turn, unless it has failed.
func (e *pair) turn(ctx context.Context) {
	if e.err != nil || e.gen.ended() {
		return
	}
	_, _ = e.gen.in.Write([]byte{'\n'}) // a generator that has ended does not read
	e.err = e.ready(ctx, sliceOf(e.workload)+e.limit())
}

// ready waits until the generator is ready for a turn, or has ended, which its result explains.
func (e *pair) ready(ctx context.Context, limit time.Duration) error {
	return e.wait(ctx, limit, e.gen.lines)
}

// wait waits for the event, or the end of one of the processes.
func (e *pair) wait(ctx context.Context, limit time.Duration, event <-chan struct{}) error {
	ctx, cancel := within(ctx, limit)
	defer cancel()
	select {
	case <-event:
	case <-e.gen.done:
	case <-e.srv.done:
		return fmt.Errorf("the server ended: %s", e.srv.lastLine())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// result ends the turns and reads the result of the generator.
func (e *pair) result(ctx context.Context, o options) (r result.Result) {
	if e.err == nil {
		_ = e.gen.in.Close() // a generator that has ended has closed it
		e.err = e.wait(ctx, 2*o.seconds+e.limit(), nil)
	}
	if e.err != nil {
		return result.Result{Fault: e.err.Error()}
	}
	out := bytes.TrimSpace(e.gen.out.Bytes())
	if err := json.Unmarshal(out[bytes.LastIndexByte(out, '\n')+1:], &r); err != nil {
		return result.Result{Fault: "the generator failed: " + e.gen.lastLine()}
	}
	return r
}

// end ends both processes.
func (e *pair) end() {
	for _, c := range []*child{e.gen, e.srv} {
		if c != nil {
			c.end()
		}
	}
}

// core returns -1 if the processes are not pinned.
func core(o options, n int) int {
	if !o.pinned {
		return -1
	}
	return n
}
