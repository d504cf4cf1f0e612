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
	filling  []byte // what follows the numbers in a message
	escaped  []byte // filling as a part of a JSON string
	hello    []byte // the connect command
	pong     []byte // the answer to a ping of the Centrifuge protocol, framed
	dialers  *dialers
	client   *netpoll.Client
	workers  []*worker
	peers    peers
	report   *report.Report
	plains   sync.WaitGroup

	stopped  chan struct{} // what is under way is to end
	stopOnce sync.Once
	spoken   atomic.Bool // somebody may have sent a message
	ending   atomic.Bool // connections that end do so by us
	mu       sync.Mutex
	failure  error
	cause    cause // what kind of event failure is
	refusals int64
	losses   int64
	told     counts     // in the stages until now
	evidence []evidence // of rooms that other processes have a part of
}

// Run carries out a scenario and returns what it found. The report is nil only if nothing was
// begun; with an error beside it, it has what there was until then. Broken rules are no error:
// they stand in the report. When ctx ends, the run does so in order, with what it has.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := carryOut(ctx, o)
	if r != nil {
		r.Judge(o.rules)
	}
	return r, err
}

func carryOut(ctx context.Context, o Options) (*report.Report, error) {
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
	return newRun(o, id, d, plan(o.Connections, o.Rooms), alone{}).all(ctx)
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
		filling: o.filling, escaped: jsonText(o.filling), hello: connectCommand(o.Token), pong: frame.AppendMaskedFrame(nil, frame.OpText, []byte("{}"), [4]byte{1, 2, 3, 4}),
		dialers: newDialers(o, d), peers: p, stopped: make(chan struct{}),
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

// all is the run from the start of the loops to the report.
func (r *run) all(ctx context.Context) (*report.Report, error) {
	if err := r.begin(); err != nil {
		return nil, err
	}
	unwatch := context.AfterFunc(ctx, r.interrupt)
	stopTicks := r.tickAlong()
	r.report.AddStage(report.Stage{Name: report.Before, Kernel: report.KernelNow()})
	for _, s := range r.stages() {
		if s.always || !r.over() {
			r.carryOut(s)
		}
	}
	unwatch()
	stopTicks()
	r.close()
	r.judge()
	r.o.progress().End()
	return r.result()
}

// stage is a part of a run. A run that is over goes on with those that are always done.
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

// carryOut does a stage and writes down what it took.
func (r *run) carryOut(s stage) {
	began, before := time.Since(r.started), r.told
	s.do()
	now := r.counts()
	r.told = now // what comes while the kernel is read belongs to the next stage
	written := report.Stage{
		Name: s.name, Begin: began, End: time.Since(r.started), Open: now.open, Delivered: now.delivered - before.delivered,
		Pings: now.pings - before.pings, Kernel: report.KernelNow(),
	}
	if s.name == report.Keep {
		written.Pinged = now.pinged
	}
	r.report.AddStage(written)
}

func (r *run) begin() error {
	r.client = &netpoll.Client{
		Loops: r.o.Loops, MaxDials: 128, OnDialError: dialFailed, OnEnd: ended, CloseTimeout: closeTimeout, Tick: tick,
		Endpoint: netpoll.Endpoint{
			MaxMessage: r.o.MaxMessage, MaxBacklog: maxBacklog, PingInterval: r.o.PingInterval, PongTimeout: r.o.Patience,
			OnOpen: opened, OnMessage: received, OnClose: closed,
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

const (
	maxBacklog   = 64 << 20 // of what was sent and the server has not read
	closeTimeout = 3 * time.Second
	tick         = 250 * time.Millisecond // of the deadlines of dials
)

func opened(c *netpoll.Conn) {
	cl := c.Context().(*client)
	cl.handle = c.Handle()
	cl.w.upgraded(cl, c.Dialed().DialTimes)
}

func received(c *netpoll.Conn, _ frame.Op, p []byte) {
	if cl, ok := c.Context().(*client); ok && cl != nil {
		cl.w.receive(cl, p)
	}
}

func closed(c *netpoll.Conn, code frame.CloseCode, reason string) {
	if cl, ok := c.Context().(*client); ok && cl != nil {
		cl.w.closed(cl, code, reason)
	}
}

func ended(context any, took time.Duration) {
	if cl, ok := context.(*client); ok && cl != nil {
		cl.w.report.Phases.Record(report.Close, took)
	}
}

func dialFailed(e *netpoll.DialError) {
	if errors.Is(e.Err, netpoll.ErrClientClosed) {
		return
	}
	cl := e.Context.(*client)
	cl.w.failed(cl, e)
}

// interrupt is Ctrl-C.
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

// desert ends a run that has lost clients when none is left but those who cannot notice.
func (r *run) desert() {
	deaf := int64(0)
	for _, w := range r.workers {
		deaf += int64(w.halves[stalls].all)
	}
	r.mu.Lock()
	c := r.counts()
	all := r.losses > 0 && c.open <= deaf && c.settled == r.report.Asked
	r.mu.Unlock()
	if all {
		r.stop()
	}
}

// each runs f on every worker's loop and waits for all.
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
			r.fail(errors.New("an event loop of the load tester does not answer"))
			return
		}
	}
}

// tickAlong keeps the series and the deadlines until the returned function is called.
func (r *run) tickAlong() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(time.Second)
		defer t.Stop()
		every := max(1, int(r.o.Patience/(10*time.Second))) // of a million clients a look takes time
		for {
			select {
			case <-done:
				return
			case <-t.C:
			}
			at := int(time.Since(r.started)/time.Second) - 1
			sweeps := at%every == 0
			for _, w := range r.workers {
				w.loop.Do(func() {
					w.tick(at)
					if sweeps {
						w.sweep()
					}
				})
			}
		}
	}()
	return func() { close(done); <-ended }
}

// close ends all connections in order, and the loops.
func (r *run) close() {
	r.ending.Store(true)
	at := int(time.Since(r.started) / time.Second)
	r.each(func(w *worker) { w.tick(at); w.paused = true; w.endPlains() })
	r.plains.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout+2*time.Second)
	defer cancel()
	if err := r.client.Shutdown(ctx); err != nil {
		_ = r.client.Close()
	}
}

// result merges what the workers have found.
func (r *run) result() (*report.Report, error) {
	parts := []*report.Report{r.report}
	for _, w := range r.workers {
		w.finish()
		parts = append(parts, w.report)
	}
	all := report.Merge(parts...)
	all.Processes = 1
	all.Duration = time.Since(r.started)
	if r.o.Scenario == "connect" {
		all.LatencyOf = report.Connect
		all.Opened = r.counts().opened
		all.Asked = max(all.Asked, all.Opened) // some may have come after the end
	}
	err := r.verdict()
	all.Fail(err)
	return all, err
}
