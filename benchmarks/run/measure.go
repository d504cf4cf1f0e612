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

	"github.com/throngd/throng/benchmarks/internal/result"
)

// Cores of the two sides when they are pinned.
const (
	serverCore    = 0
	generatorCore = 1
)

// notSpoken is the fault of a server that does not do this kind of work: not a failure.
const notSpoken = "-"

// measure starts the server, lets the generator work, and ends both.
func measure(ctx context.Context, o options, s server, w work) result.Result {
	to, ok := s.Speaks[w.Kind]
	if !ok {
		return result.Result{Fault: notSpoken}
	}
	if need := w.Files + spareFiles; o.files < need {
		return failed(fmt.Errorf("%d open files are allowed, this needs %d: ulimit -n %d", o.files, need, need))
	}
	limit := o.seconds*2 + cmp.Or(w.Limit, usualLimit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("took longer than %v", limit))
	defer cancel()
	addr, err := freeAddr()
	if err != nil {
		return failed(err)
	}
	srv, err := startServer(ctx, o, s, to, addr)
	if err != nil {
		return failed(err)
	}
	defer srv.end()
	return generate(ctx, o, w, to, addr, srv)
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

// generate runs the load generator to its end and reads what it found out.
func generate(ctx context.Context, o options, w work, to speech, addr string, srv *child) (r result.Result) {
	args := append([]string{w.Kind, "--addr", addr, "--pid", strconv.Itoa(srv.pid()), "--protocol", to.Protocol,
		"--path", to.Path, "--time", o.seconds.String()}, w.Args...)
	gen, err := start(core(o, generatorCore), filepath.Join(o.bin, "load"), args...)
	if err != nil {
		return failed(err)
	}
	defer gen.end()
	select {
	case <-gen.done:
	case <-srv.done:
		return failed(fmt.Errorf("the server ended: %s", srv.lastWords()))
	case <-ctx.Done():
		return failed(context.Cause(ctx))
	}
	if err := json.Unmarshal(bytes.TrimSpace(gen.out.Bytes()), &r); err != nil {
		return failed(fmt.Errorf("the generator failed: %s", gen.lastWords()))
	}
	return r
}

// core is -1 for no pinning.
func core(o options, n int) int {
	if !o.pinned {
		return -1
	}
	return n
}

func failed(err error) result.Result { return result.Result{Fault: err.Error()} }
