package load

import (
	"fmt"

	"github.com/throngd/throng/internal/load/oracle"
	"github.com/throngd/throng/internal/load/report"
)

// After the talk, the history of each room is read by its first connected member, page by page.

// readsAtOnce is the number of histories that one loop reads at the same time.
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
	r.each((*worker).reportUnread)
}

// startReading chooses a reader for every room whose first member is on this loop.
func (w *worker) startReading() {
	for i := range w.rooms {
		k := &w.rooms[i]
		if k.from != k.first {
			continue
		}
		for m := range k.members {
			if cl := &k.members[m]; cl.state == present && cl.bad == nil {
				k.reader = cl
				w.readers++
				w.toRead = append(w.toRead, k)
				break
			}
		}
		if k.reader == nil {
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
		w.send(k.reader, historyCommand(k.Name, "", 0))
	}
}

// historyPage handles one page. It asks for the next one until the room's position is reached.
func (w *worker) historyPage(cl *client, p *position) {
	k := cl.room
	if k.reader != cl || k.read {
		return
	}
	w.counters.pages.Add(1)
	last, before := uint64(0), k.readTo
	for _, m := range p.Publications {
		if !w.MayKeep() {
			return
		}
		last = m.Offset
		w.keepHistory(cl, m)
	}
	if len(p.Publications) > 0 && last < p.Offset {
		if len(p.Epoch) > maxEpoch || last <= before {
			w.malformed("a page of history that leads nowhere")
			return
		}
		k.readTo = last
		w.send(cl, historyCommand(k.Name, p.Epoch, last))
		return
	}
	k.read = true
	w.readEnded()
}

func (w *worker) keepHistory(cl *client, p publication) {
	w.report.Counters.Checked++
	b, ok := parseBody(unquote(p.Data), w.run.filling)
	switch ours := ok && b.run == w.run.id; {
	case ours:
		cl.room.history = append(cl.room.history, oracle.Entry{Offset: p.Offset, Sender: b.sender, Number: b.number})
	case w.run.o.shared():
		w.foreign(cl, 0)
	default:
		w.invented(cl, p.Offset, fmt.Sprintf("the history contains a message that was never sent: %.100q", p.Data))
	}
}

func (w *worker) readEnded() {
	w.reading--
	w.counters.read.Add(1)
	w.readMore()
}

func (w *worker) historyRefused(cl *client, code uint32, message string) {
	if k := cl.room; k.reader == cl && !k.read && k.unread == "" {
		k.unread = fmt.Sprintf("the server answered with error %d (%s)", code, message)
		w.readEnded()
	}
}

// reportUnread reports the rooms whose history did not come.
func (w *worker) reportUnread() {
	for i := range w.rooms {
		k := &w.rooms[i]
		if k.reader != nil && !k.read && k.unread == "" {
			k.unread = fmt.Sprintf("no answer within %v", w.run.o.Patience)
			k.Violate(&k.reader.Member, report.Silent, oracle.Entry{}, "history: "+k.unread)
		}
	}
}
