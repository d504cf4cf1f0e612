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
	"github.com/throngd/throng/internal/load/report"
)

// Several processes: the first one plans, starts the same binary again for every part, and only
// listens. What they say to each other are JSON objects, one a line, over stdin and stdout:
//
//	first -> other   job, then go (the sums at a meeting) and stop
//	other -> first   stage, progress, meet, and at the end result

// job is what one process is to do.
type job struct {
	Options
	Run          uint32
	Index, Count int
}

// order is what the first process says after the job.
type order struct {
	Go   []int64 `json:",omitempty"`
	Met  string  `json:",omitempty"`
	Stop bool    `json:",omitempty"`
}

// word is what another process says.
type word struct {
	Stage  string  `json:",omitempty"`
	Total  int64   `json:",omitempty"`
	Done   int64   `json:",omitempty"`
	Text   string  `json:",omitempty"`
	Meet   string  `json:",omitempty"`
	Values []int64 `json:",omitempty"`
	Result *result `json:",omitempty"`
}

// result is what a process has found.
type result struct {
	Report      *report.Report
	Evidence    []evidence
	Error, Hint string
}

// processes is how many are needed.
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

// others are the processes as the first one sees them.
type others struct {
	o  Options
	n  int
	mu sync.Mutex

	all     []*other
	stopped bool
	stage   string
}

type other struct {
	cmd    *exec.Cmd
	in     *json.Encoder
	pipe   io.Closer
	last   word // of its progress
	meets  *word
	result *result
	err    error
	ended  chan struct{}
}

func runProcesses(ctx context.Context, o Options, id uint32, n int) (*report.Report, error) {
	all := &others{o: o, n: n}
	for i := range n {
		if err := all.start(job{Options: o.plainText(), Run: id, Index: i, Count: n}); err != nil {
			all.stop()
			all.wait()
			return nil, fmt.Errorf("process %d of %d: %w", i+1, n, err)
		}
	}
	unwatch := context.AfterFunc(ctx, all.stop)
	all.wait()
	unwatch()
	o.progress().End()
	return all.merge()
}

// plainText makes the options fit for another process.
func (o Options) plainText() Options {
	var sources []string
	for _, s := range o.sources {
		sources = append(sources, s.Addr().String())
	}
	o.Source, o.Progress, o.Errors = strings.Join(sources, ","), nil, nil
	return o
}

func (a *others) start(j job) error {
	self := a.o.Self
	if len(self) == 0 {
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		self = []string{exe, "load-worker"}
	}
	cmd := exec.Command(self[0], self[1:]...)
	cmd.Stderr, cmd.SysProcAttr = a.o.Errors, apart()
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
	p := &other{cmd: cmd, in: json.NewEncoder(in), pipe: in, ended: make(chan struct{})}
	a.mu.Lock()
	a.all = append(a.all, p)
	a.mu.Unlock()
	go a.listen(p, out)
	return p.in.Encode(j)
}

// listen hears one process to its end.
func (a *others) listen(p *other, out io.Reader) {
	defer close(p.ended)
	d := json.NewDecoder(bufio.NewReaderSize(out, 64<<10))
	for {
		var w word
		if err := d.Decode(&w); err != nil {
			break
		}
		a.hear(p, w)
	}
	err := p.cmd.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.result == nil {
		p.err = fmt.Errorf("a process of the load tester ended without a result: %w", orEOF(err))
	}
	a.meetings()
}

func orEOF(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (a *others) hear(p *other, w word) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case w.Result != nil:
		p.result = w.Result
	case w.Meet != "":
		p.meets = &w
	default:
		p.last = w
		a.progress()
		return
	}
	a.meetings()
}

// progress shows the sum of all.
func (a *others) progress() {
	var sum word
	texts := map[string]bool{}
	for _, p := range a.all {
		sum.Total += p.last.Total
		sum.Done += p.last.Done
		if p.last.Text != "" {
			texts[p.last.Text] = true
		}
	}
	if s := a.all[0].last.Stage; s != a.stage {
		a.stage = s
		a.o.progress().Stage(s, sum.Total)
	}
	text := ""
	if len(a.all) > 1 && len(texts) > 0 {
		text = fmt.Sprintf("(%d processes; the first: %s)", len(a.all), a.all[0].last.Text)
	}
	a.o.progress().Set(sum.Done, text)
}

// meetings lets those go on who wait for each other, once nobody is missing but those that are over.
func (a *others) meetings() {
	var sums []int64
	name := ""
	for _, p := range a.all {
		switch {
		case p.result != nil || p.err != nil:
		case p.meets == nil:
			return
		default:
			name = p.meets.Meet
			for i, v := range p.meets.Values {
				if i == len(sums) {
					sums = append(sums, 0)
				}
				sums[i] += v
			}
		}
	}
	if len(a.all) < a.n {
		return
	}
	for _, p := range a.all {
		if p.meets != nil && p.result == nil && p.err == nil {
			p.meets = nil
			_ = p.in.Encode(order{Go: sums, Met: name})
		}
	}
}

// stop has all processes end with what they have.
func (a *others) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	for _, p := range a.all {
		_ = p.in.Encode(order{Stop: true})
	}
}

// grace is how long a process may take to end after it was told to.
const grace = 30 * time.Second

// wait waits for all; one that does not end although it was told to is killed.
func (a *others) wait() {
	a.mu.Lock()
	all := a.all
	a.mu.Unlock()
	for _, p := range all {
		since := time.Time{}
		for over := false; !over; {
			select {
			case <-p.ended:
				over = true
			case <-time.After(time.Second):
				a.mu.Lock()
				stopped := a.stopped
				a.mu.Unlock()
				if stopped && since.IsZero() {
					since = time.Now()
				}
				if !since.IsZero() && time.Since(since) > grace {
					_ = p.cmd.Process.Kill()
				}
			}
		}
		_ = p.pipe.Close()
	}
}

// merge makes one report of all, and judges the rooms that were split.
func (a *others) merge() (*report.Report, error) {
	var parts []*report.Report
	var failure error
	rooms := map[int]*evidence{}
	for i, p := range a.all {
		if p.err != nil && failure == nil {
			failure = clierr.Errorf("was it killed for want of memory?", "%w", p.err)
		}
		if p.result == nil {
			continue
		}
		if p.result.Error != "" && failure == nil {
			failure = clierr.Errorf(p.result.Hint, "process %d of %d: %s", i+1, a.n, p.result.Error)
		}
		if p.result.Report != nil {
			parts = append(parts, p.result.Report)
		}
		for _, e := range p.result.Evidence {
			if known := rooms[e.Room]; known != nil {
				known.join(e)
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
		judgeRoom(all, *e, a.o.Protocol == Rooms, all.Interrupted || failure != nil)
	}
	all.Interrupted = all.Interrupted || a.stopped
	if failure != nil {
		all.Err = "" // that of one process, which does not say so
	}
	all.Fail(failure)
	return all, failure
}
