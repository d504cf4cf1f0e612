package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/limits"
	"github.com/throngd/throng/internal/load/oracle"
	"github.com/throngd/throng/internal/load/report"
)

// A run in several processes. The coordinator is the process that was started by the user: it plans
// the run, starts the same binary once for every part, and opens no connection itself. It exchanges
// JSON objects, one a line, with the workers over their stdin and stdout:
//
//	coordinator -> worker   job, then order: go on after a barrier, or stop
//	worker -> coordinator   update: progress, a barrier, and at the end the result

// job is what one worker process is to do.
type job struct {
	Options
	Run          uint32
	Index, Count int
}

// order is what the coordinator sends after the job.
type order struct {
	Go   []int64 `json:",omitempty"` // the sums at a barrier: go on
	Met  string  `json:",omitempty"` // the name of that barrier
	Stop bool    `json:",omitempty"`
}

// update is what a worker process sends.
type update struct {
	Stage   string  `json:",omitempty"`
	Total   int64   `json:",omitempty"`
	Done    int64   `json:",omitempty"`
	Text    string  `json:",omitempty"`
	Barrier string  `json:",omitempty"` // the process waits at this barrier
	Values  []int64 `json:",omitempty"` // to be summed up there
	Result  *result `json:",omitempty"`
}

// result is what a worker process has at its end.
type result struct {
	Report      *report.Report
	Evidence    []oracle.Evidence
	Error, Hint string
}

// processes is the number of processes that the connections need.
func processes(o Options) int {
	if o.Processes > 0 {
		return o.Processes
	}
	files, err := limits.RaiseFiles()
	if err != nil || files.Connections(limits.LeastReserve) < 1 {
		return 1
	}
	return (o.Connections + files.Connections(limits.LeastReserve) - 1) / files.Connections(limits.LeastReserve)
}

// coordinator is the side of the first process.
type coordinator struct {
	o Options
	n int

	mu      sync.Mutex
	all     []*process
	stopped bool
	stage   string
}

// process is a worker process as the coordinator sees it.
type process struct {
	cmd     *exec.Cmd
	in      *json.Encoder
	pipe    io.Closer
	last    update // of its progress
	barrier *update
	result  *result
	err     error
	ended   chan struct{}
}

func runProcesses(ctx context.Context, o Options, id uint32, n int) (*report.Report, error) {
	c := &coordinator{o: o, n: n}
	for i := range n {
		if err := c.start(job{Options: o.forProcess(), Run: id, Index: i, Count: n}); err != nil {
			c.stop()
			c.wait()
			return nil, fmt.Errorf("process %d of %d: %w", i+1, n, err)
		}
	}
	unwatch := context.AfterFunc(ctx, c.stop)
	c.wait()
	unwatch()
	o.progress().End()
	return c.merge()
}

// forProcess returns the options in a form that JSON can carry to another process.
func (o Options) forProcess() Options {
	var sources []string
	for _, s := range o.sources {
		sources = append(sources, s.Addr().String())
	}
	o.Source, o.Progress, o.Errors = strings.Join(sources, ","), nil, nil
	return o
}

func (c *coordinator) start(j job) error {
	self := c.o.Self
	if len(self) == 0 {
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		self = []string{exe, "load-worker"}
	}
	cmd := exec.Command(self[0], self[1:]...)
	cmd.Stderr, cmd.SysProcAttr = c.o.Errors, workerAttr()
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd, in: json.NewEncoder(in), pipe: in, ended: make(chan struct{})}
	c.mu.Lock()
	c.all = append(c.all, p)
	c.mu.Unlock()
	go c.listen(p, out)
	return p.in.Encode(j)
}

// listen reads the updates of one process until it ends.
func (c *coordinator) listen(p *process, out io.Reader) {
	defer close(p.ended)
	d := json.NewDecoder(bufio.NewReaderSize(out, 64<<10))
	for {
		var u update
		if err := d.Decode(&u); err != nil {
			break
		}
		c.received(p, u)
	}
	err := p.cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.result == nil {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		p.err = fmt.Errorf("a process of the load tester ended without a result: %w", err)
	}
	c.releaseBarrier()
}

func (c *coordinator) received(p *process, u update) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case u.Result != nil:
		p.result = u.Result
	case u.Barrier != "":
		p.barrier = &u
	default:
		p.last = u
		c.showProgress()
		return
	}
	c.releaseBarrier()
}

// showProgress shows the sum of all processes.
func (c *coordinator) showProgress() {
	var sum update
	texts := 0
	for _, p := range c.all {
		sum.Total += p.last.Total
		sum.Done += p.last.Done
		if p.last.Text != "" {
			texts++
		}
	}
	first := c.all[0].last
	if first.Stage != c.stage {
		c.stage = first.Stage
		c.o.progress().Stage(first.Stage, sum.Total)
	}
	text := ""
	if len(c.all) > 1 && texts > 0 {
		text = fmt.Sprintf("(%d processes; the first: %s)", len(c.all), first.Text)
	}
	c.o.progress().Set(sum.Done, text)
}

// releaseBarrier lets the waiting processes go on, once all that have not ended wait.
func (c *coordinator) releaseBarrier() {
	var sums []int64
	name := ""
	for _, p := range c.all {
		switch {
		case p.result != nil || p.err != nil:
		case p.barrier == nil:
			return
		default:
			name = p.barrier.Barrier
			for i, v := range p.barrier.Values {
				if i == len(sums) {
					sums = append(sums, 0)
				}
				sums[i] += v
			}
		}
	}
	if len(c.all) < c.n {
		return
	}
	for _, p := range c.all {
		if p.barrier != nil && p.result == nil && p.err == nil {
			p.barrier = nil
			_ = p.in.Encode(order{Go: sums, Met: name})
		}
	}
}

// stop has all processes end with what they have.
func (c *coordinator) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	for _, p := range c.all {
		_ = p.in.Encode(order{Stop: true})
	}
}

// stopTimeout is the time that a process has to end after the order to stop.
const stopTimeout = 30 * time.Second

// wait waits until all processes have ended. One that does not end after the order to stop is killed.
func (c *coordinator) wait() {
	c.mu.Lock()
	all := c.all
	c.mu.Unlock()
	for _, p := range all {
		c.waitFor(p)
		_ = p.pipe.Close()
	}
}

func (c *coordinator) waitFor(p *process) {
	var since time.Time // the order to stop
	for {
		select {
		case <-p.ended:
			return
		case <-time.After(time.Second):
		}
		c.mu.Lock()
		stopped := c.stopped
		c.mu.Unlock()
		switch {
		case !stopped:
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > stopTimeout:
			_ = p.cmd.Process.Kill()
		}
	}
}

// merge makes one report of all, and judges the rooms that were split.
func (c *coordinator) merge() (*report.Report, error) {
	var parts []*report.Report
	var failure error
	rooms := map[int]*oracle.Evidence{}
	for i, p := range c.all {
		if p.err != nil && failure == nil {
			failure = clierr.Errorf("the kernel may have killed it because memory ran out", "%w", p.err)
		}
		if p.result == nil {
			continue
		}
		if p.result.Error != "" && failure == nil {
			failure = clierr.Errorf(p.result.Hint, "process %d of %d: %s", i+1, c.n, p.result.Error)
		}
		if p.result.Report != nil {
			parts = append(parts, p.result.Report)
		}
		for _, e := range p.result.Evidence {
			if known := rooms[e.Room]; known != nil {
				known.Merge(e)
			} else {
				rooms[e.Room] = &e
			}
		}
	}
	all := report.Merge(parts...)
	if all == nil {
		return nil, failure
	}
	for _, e := range rooms {
		oracle.Judge(all, *e, oracle.Options{Unordered: c.o.Protocol == Rooms, Early: all.Interrupted || failure != nil})
	}
	all.Interrupted = all.Interrupted || c.stopped
	if failure != nil {
		all.Err = "" // the error of a part, without the number of its process
	}
	all.Fail(failure)
	return all, failure
}
