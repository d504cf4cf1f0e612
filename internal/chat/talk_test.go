package chat

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The SDK leaves a goroutine for the time limit of each request that was answered.
		goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge-go.(*Client).sendAsync.func1"),
		goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge-go.(*Client).onConnect.func1"),
		goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge-go.(*Subscription).onSubscribe.func1"),
	)
}

// talk is one Run in a test: the test types its input and waits for its output.
type talk struct {
	t        *testing.T
	in       *io.PipeWriter
	out, err *transcript
	stop     context.CancelFunc
	ended    chan error
}

// start runs a client for the room "lobby" of f. o needs only what differs.
func start(t *testing.T, f *fake, o Options) *talk {
	t.Helper()
	in, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	k := &talk{t: t, in: w, out: newTranscript(), err: newTranscript(), stop: cancel, ended: make(chan error, 1)}
	if o.URL == "" {
		o.URL = f.url()
	}
	if o.Room == "" {
		o.Room = "lobby"
	}
	if o.Name == "" {
		o.Name = "ann"
	}
	if o.Out == nil {
		o.Out = k.out
	}
	if o.source == unknownSource {
		o.source = fromPipe
	}
	if o.timeout == 0 {
		o.timeout = 3 * time.Second
	}
	o.In, o.Err, o.Getenv = in, k.err, func(string) string { return "" }
	go func() {
		k.ended <- Run(ctx, o)
		_ = in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		_ = w.Close()
	})
	return k
}

func (k *talk) type_(lines ...string) {
	k.t.Helper()
	for _, l := range lines {
		if _, err := io.WriteString(k.in, l+"\n"); err != nil {
			k.t.Fatalf("typing %q: %v", l, err)
		}
	}
}

// end waits for Run to return.
func (k *talk) end() error {
	k.t.Helper()
	select {
	case err := <-k.ended:
		return err
	case <-time.After(20 * time.Second):
		k.t.Fatalf("the client does not end; it wrote:\n%s%s", k.out, k.err)
		return nil
	}
}

// leave ends the input and expects a clean end.
func (k *talk) leave() {
	k.t.Helper()
	_ = k.in.Close()
	if err := k.end(); err != nil {
		k.t.Fatalf("leaving: %v", err)
	}
}

// transcript is a writer. A test can wait for a text in it.
type transcript struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

func (r *transcript) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Write(b)
	close(r.changed)
	r.changed = make(chan struct{})
	return len(b), nil
}

func (r *transcript) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// wait returns when the text has been written.
func (r *transcript) wait(t *testing.T, text string) {
	t.Helper()
	late := time.After(15 * time.Second)
	for {
		r.mu.Lock()
		all, changed := r.text.String(), r.changed
		r.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("%q was not written, but:\n%s", text, all)
		}
	}
}

// brokenPipe is a writer whose reader has gone.
type brokenPipe struct{ err error }

func (b brokenPipe) Write([]byte) (int, error) { return 0, b.err }

var errDisk = errors.New("no space left")
