package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/load/oracle"
	"github.com/throngd/throng/internal/load/report"
	"github.com/throngd/throng/netpoll"
)

// run is one scenario in one process.
type run struct {
	o        Options
	id       uint32
	clock    clock
	started  time.Time
	scenario scenario
	segments []segment
	filling  []byte // follows the numbers in each message
	escaped  []byte // filling as a part of a JSON string
	dialers  *dialers
	client   *netpoll.Client
	workers  []*worker
	peers    peers
	report   *report.Report

	connectCommand []byte
	pong           []byte // answers a ping of the Centrifuge protocol; a masked frame
	misbehavers    sync.WaitGroup

	stopped  chan struct{} // closed when the run is over: every stage is to end
	stopOnce sync.Once
	sending  atomic.Bool // messages may have been sent
	ending   atomic.Bool // the load tester is closing all connections
	before   counts      // at the end of the last stage
	evidence []oracle.Evidence

	mu       sync.Mutex // of what follows, and of report where workers use it
	failure  error
	cause    cause // of failure
	refusals int64
	losses   int64
}

// Run carries out a scenario and returns its report. The report is nil only if the run could not
// start; beside an error it contains the measurements until then. Violations are not an error:
// they are in the report. When ctx ends, the run ends in order and returns what it has.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := runScenario(ctx, o)
	if r != nil {
		r.Judge(o.rules)
	}
	return r, err
}

func runScenario(ctx context.Context, o Options) (*report.Report, error) {
	if o.Scenario == "mixed" {
		return runMixed(ctx, o)
	}
	d, err := lookUp(ctx, o)
	if err != nil {
		return nil, err
	}
	o.chooseSources(d.Addr.Addr())
	id := rand.Uint32()
	if n := processes(o); n > 1 {
		return runProcesses(ctx, o, id, n)
	}
	return newRun(o, id, d, plan(o.Connections, o.Rooms), alone{}).runAll(ctx)
}

func lookUp(ctx context.Context, o Options) (*netpoll.Dialer, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	d, err := netpoll.NewDialer(ctx, o.URL)
	if err != nil {
		return nil, unreachable(o.target.Host, err)
	}
	d.ConnectTimeout, d.TLSTimeout, d.UpgradeTimeout = o.Patience, o.Patience, o.Patience
	d.Header = o.header
	chooseAddress(ctx, d)
	if d.TLS != nil {
		d.TLS.InsecureSkipVerify = o.Insecure //nolint:gosec // --insecure asks for it
	}
	return d, nil
}

func newRun(o Options, id uint32, d *netpoll.Dialer, segments []segment, p peers) *run {
	r := &run{
		o: o, id: id, clock: newClock(), started: time.Now(), scenario: scenarioOf(o.Scenario), segments: segments,
		filling: o.filling, escaped: jsonText(o.filling), dialers: newDialers(o, d), peers: p, stopped: make(chan struct{}),
		connectCommand: connectCommand(o.Token), pong: frame.AppendMaskedFrame(nil, frame.OpText, []byte("{}"), [4]byte{1, 2, 3, 4}),
	}
	r.report = r.newReport()
	r.report.Asked = int64(size(segments))
	return r
}

func (r *run) newReport() *report.Report {
	rep := report.New(r.o.Command, r.o.Scenario, r.o.URL)
	rep.Started = r.started
	return rep
}

// runAll is the run from the start of the loops to the report.
func (r *run) runAll(ctx context.Context) (*report.Report, error) {
	if err := r.startLoops(); err != nil {
		return nil, err
	}
	unwatch := context.AfterFunc(ctx, r.interrupt)
	stopTicks := r.startTicks()
	r.report.AddStage(report.Stage{Name: report.Before, Kernel: report.KernelNow()})
	for _, s := range r.stages() {
		if s.always || !r.over() {
			r.runStage(s)
		}
	}
	unwatch()
	stopTicks()
	r.close()
	r.judge()
	r.o.progress().End()
	return r.result()
}

// stage is a part of a run. When the run is over, the remaining stages are left out but for those
// marked always.
type stage struct {
	name   string
	do     func()
	always bool
}

func (r *run) stages() []stage {
	if r.scenario.stages != nil {
		return r.scenario.stages(r)
	}
	return []stage{{report.Open, r.open, false}, {"talk", r.talk, false}, {"drain", r.drain, true}, {"history", r.readHistory, false}}
}

// runStage runs a stage and adds it to the report.
func (r *run) runStage(s stage) {
	began, before := time.Since(r.started), r.before
	s.do()
	now := r.counts()
	r.before = now // what arrives while the kernel's memory is read belongs to the next stage
	done := report.Stage{
		Name: s.name, Begin: began, End: time.Since(r.started), Open: now.open, Delivered: now.delivered - before.delivered,
		Pings: now.pings - before.pings, Kernel: report.KernelNow(),
	}
	if s.name == report.Keep {
		done.Pinged = now.pinged
	}
	r.report.AddStage(done)
}

// interrupt ends the run because its context has ended: Ctrl-C.
func (r *run) interrupt() {
	r.mu.Lock()
	r.report.Interrupted = true
	r.mu.Unlock()
	r.stop()
}

func (r *run) stop() { r.stopOnce.Do(func() { close(r.stopped) }) }

func (r *run) over() bool {
	select {
	case <-r.stopped:
		return true
	default:
		return false
	}
}

// result merges the reports of the workers.
func (r *run) result() (*report.Report, error) {
	parts := []*report.Report{r.report}
	for _, w := range r.workers {
		w.addTotals()
		parts = append(parts, w.report)
	}
	all := report.Merge(parts...)
	all.Processes = 1
	all.Duration = time.Since(r.started)
	if r.o.Scenario == "connect" {
		all.LatencyOf = report.Connect
		all.Opened = r.counts().opened
		all.Asked = max(all.Asked, all.Opened) // some may have been opened after the end
	}
	err := r.failureError()
	all.Fail(err)
	return all, err
}

// each runs f on every worker's loop and waits for all of them.
func (r *run) each(f func(*worker)) {
	done := make(chan struct{}, len(r.workers))
	for _, w := range r.workers {
		w.loop.Do(func() { defer func() { done <- struct{}{} }(); f(w) })
	}
	deadline := time.After(r.o.Patience + time.Minute)
	for range r.workers {
		select {
		case <-done:
		case <-deadline:
			r.fail(errors.New("an event loop of the load tester does not respond"))
			return
		}
	}
}

// startLoops starts the event loops and makes their workers.
func (r *run) startLoops() error {
	r.client = &netpoll.Client{
		Loops: r.o.Loops, MaxDials: 128, OnDialError: onDialError, OnEnd: onEnd, CloseTimeout: closeTimeout, Tick: tick,
		Endpoint: netpoll.Endpoint{
			MaxMessage: r.o.MaxMessage, MaxBacklog: maxBacklog, PingInterval: r.o.PingInterval, PongTimeout: r.o.Patience,
			OnOpen: onOpen, OnMessage: onMessage, OnClose: onClose,
		},
		OnError: func(err error) { r.fail(fmt.Errorf("the load tester itself: %w", err)) },
	}
	if err := r.client.Start(); err != nil {
		return err
	}
	n := r.client.NumLoops()
	for i := range n {
		if mine := part(r.segments, i, n); len(mine) > 0 {
			r.workers = append(r.workers, newWorker(r, r.client.Loop(i), mine))
		}
	}
	return nil
}
