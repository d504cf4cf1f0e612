package load

import (
	"fmt"
	"time"

	"github.com/throngd/throng/internal/load/report"
)

// The history of each room is read back by its first member that is there, page by page.

// readsAtOnce is how many histories one loop reads at the same time.
const readsAtOnce = 32

func (r *run) readHistory() {
	if r.o.Protocol != Centrifuge || r.over() {
		return
	}
	r.each((*worker).startReading)
	total := int64(0)
	for _, w := range r.workers {
		total += int64(w.readers)
	}
	p := r.o.progress()
	p.Stage("history", total)
	done := func() bool { n := r.counts().read; p.Set(n, ""); return n >= total }
	r.wait(done, func() int64 { return r.counts().read + r.counts().pages }, r.o.Patience)
	r.each(func(w *worker) { w.unread(w.run.o.Patience) })
}

// startReading finds a reader for every room whose first member is on this loop.
func (w *worker) startReading() {
	for i := range w.rooms {
		k := &w.rooms[i]
		if k.from != k.first {
			continue
		}
		for m := range k.members {
			if cl := &k.members[m]; cl.state == present && cl.plain == nil {
				k.reading = cl
				w.readers++
				w.toRead = append(w.toRead, k)
				break
			}
		}
		if k.reading == nil {
			k.unread = "none of its members is connected"
		}
	}
	w.readMore()
}

func (w *worker) readMore() {
	for w.reading < readsAtOnce && len(w.toRead) > 0 {
		k := w.toRead[0]
		w.toRead = w.toRead[1:]
		w.reading++
		w.send(k.reading, historyCommand(k.name, "", 0))
	}
}

// historyPage is one page: the next one is asked for until the room's position is reached.
func (w *worker) historyPage(cl *client, p *position) {
	k := cl.room
	if k.reading != cl || k.read {
		return
	}
	w.tally.pages.Add(1)
	last, before := uint64(0), k.readTo
	for _, m := range p.Publications {
		if !w.keeps() {
			return
		}
		last = m.Offset
		w.report.Counters.Checked++
		b, ok := parseBody(unquote(m.Data), w.run.filling)
		if (!ok || b.run != w.run.id) && w.run.o.shared() {
			w.foreign(cl, 0)
			continue
		}
		if !ok || b.run != w.run.id {
			w.invented(cl, m.Offset, fmt.Sprintf("the history has what was never sent: %.100q", m.Data))
			continue
		}
		k.history = append(k.history, entry{m.Offset, b.sender, b.number})
	}
	if len(p.Publications) > 0 && last < p.Offset {
		if len(p.Epoch) > maxEpoch || last <= before {
			w.strange("a page of history that leads nowhere")
			return
		}
		k.readTo = last
		w.send(cl, historyCommand(k.name, p.Epoch, last))
		return
	}
	k.read = true
	w.readOver()
}

func (w *worker) readOver() {
	w.reading--
	w.tally.read.Add(1)
	w.readMore()
}

func (w *worker) historyRefused(cl *client, code uint32, message string) {
	if k := cl.room; k.reading == cl && !k.read && k.unread == "" {
		k.unread = fmt.Sprintf("the server answered with error %d (%s)", code, message)
		w.readOver()
	}
}

// unread notes the rooms whose history did not come.
func (w *worker) unread(patience time.Duration) {
	for i := range w.rooms {
		k := &w.rooms[i]
		if k.reading != nil && !k.read && k.unread == "" {
			k.unread = fmt.Sprintf("no answer within %v", patience)
			w.report.Violations.Add(report.Violation{Kind: report.Silent, Room: k.name, Client: clientName(k.reading.id), Text: "history: " + k.unread})
		}
	}
}
