package load

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// NewProgress shows a run on w: bars on a terminal of this width, plain lines
// if it is 0. A write to w must not block, because the run would wait for it.
func NewProgress(w io.Writer, width int) Progress {
	if width > 0 {
		return &bars{all: mpb.New(mpb.WithOutput(w), mpb.WithAutoRefresh(), mpb.WithWidth(width), mpb.WithRefreshRate(150*time.Millisecond))}
	}
	return &lines{w: w}
}

// barWidth is the width of a bar without the texts beside it.
const barWidth = 60

// lineEvery is the time between two lines about one stage.
const lineEvery = 5 * time.Second

// lines shows a line for each stage, and one every lineEvery while it lasts.
type lines struct {
	w     io.Writer
	name  string
	total int64
	shown time.Time
}

func (l *lines) Stage(name string, total int64) {
	l.name, l.total, l.shown = name, total, time.Now()
	fmt.Fprintf(l.w, "%s\n", name)
}

func (l *lines) Set(done int64, text string) {
	if time.Since(l.shown) < lineEvery {
		return
	}
	l.shown = time.Now()
	share := ""
	if l.total > 0 {
		share = fmt.Sprintf(" %d %%", 100*done/l.total)
	}
	fmt.Fprintf(l.w, "%s%s %s\n", l.name, share, text)
}

func (l *lines) End() {}

// bars shows a bar for each stage.
type bars struct {
	all  *mpb.Progress
	bar  *mpb.Bar
	text atomic.Value // string; mpb draws on a goroutine of its own
}

func (b *bars) Stage(name string, total int64) {
	b.finish()
	b.text.Store("")
	b.bar = b.all.AddBar(max(total, 1), mpb.BarWidth(barWidth),
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR), decor.Percentage(decor.WCSyncSpace)),
		mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO), decor.Any(func(decor.Statistics) string { return " " + b.text.Load().(string) })))
}

func (b *bars) Set(done int64, text string) {
	if b.bar != nil {
		b.text.Store(text)
		b.bar.SetCurrent(done)
	}
}

func (b *bars) finish() {
	if b.bar != nil {
		b.bar.SetTotal(-1, true)
		b.bar = nil
	}
}

func (b *bars) End() {
	b.finish()
	b.all.Shutdown() // Wait was seen to block for ever, on the console of a virtual machine
}
