//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// measure starts the server, lets the generator work, and ends both.
func measure(ctx context.Context, o options, s server, w work) result.Result {
	speech, ok := s.Speaks[w.Kind]
	if !ok {
		return result.Result{Fault: notSpoken}
	}
	ctx, cancel := context.WithTimeout(ctx, o.seconds+90*time.Second)
	defer cancel()
	addr, err := freeAddr()
	if err != nil {
		return failed(err)
	}
	srv, err := startServer(ctx, o, s, addr)
	if err != nil {
		return failed(err)
	}
	defer srv.end()
	return generate(ctx, o, w, speech, addr, srv)
}

func startServer(ctx context.Context, o options, s server, addr string) (*child, error) {
	program := filepath.Join(o.bin, s.Program)
	if _, err := os.Stat(program); err != nil {
		return nil, errors.New("not built")
	}
	admin, err := freeAddr()
	if err != nil {
		return nil, err
	}
	args := make([]string, len(s.Args))
	for i, a := range s.Args {
		args[i] = strings.ReplaceAll(strings.ReplaceAll(a, "ADDR", addr), "ADMIN", admin)
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
		return failed(errors.New("took too long"))
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
