package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/throngd/throng/internal/load/report"
)

// receive is one message from the server.
func (w *worker) receive(cl *client, p []byte) {
	w.report.Counters.BytesIn += int64(len(p))
	now := w.run.clock.now()
	switch w.run.o.Protocol {
	case Echo:
		w.echoed(cl, p, now)
	case Rooms:
		w.publication(cl, p, 0, now)
	default:
		for len(p) > 0 {
			line := p
			if i := bytes.IndexByte(p, '\n'); i >= 0 {
				line, p = p[:i], p[i+1:]
			} else {
				p = nil
			}
			w.line(cl, line, now)
		}
	}
}

// line is one JSON object.
func (w *worker) line(cl *client, line []byte, now int64) {
	if data, offset, ok := quickPush(line, cl.room.push); ok {
		w.publication(cl, data, offset, now)
		return
	}
	if id, offset, ok := quickAck(line); ok && id > publishID {
		w.answered(cl, id-publishID, acked|ack(offset&offsetMask), now)
		return
	}
	if len(line) == len("{}") {
		w.ping(cl)
		return
	}
	if quickJoin(line, cl.room.push) {
		return
	}
	var h heard
	if err := json.Unmarshal(line, &h); err != nil {
		w.report.Counters.Error("the server said what is no JSON")
		w.run.fail(w.run.explain(fmt.Errorf("%w: %.100q", errNotSpoken, line)))
		return
	}
	w.heard(cl, &h, now)
}

// ping answers the server's ping.
func (w *worker) ping(cl *client) {
	if cl.has(mute) {
		return
	}
	w.tally.pings.Add(1)
	if !cl.has(pinged) {
		cl.set(pinged)
		w.tally.pinged.Add(1)
	}
	if c := w.loop.Conn(cl.handle); c != nil {
		c.SendRaw(w.run.pong)
	} else {
		w.send(cl, []byte("{}"))
	}
}

func (w *worker) heard(cl *client, h *heard, now int64) {
	switch {
	case h.Push != nil:
		w.pushed(cl, h, now)
	case h.Error != nil && h.ID > publishID:
		w.report.Counters.Refused++
		w.report.Counters.Error(fmt.Sprintf("publish: error %d %s", h.Error.Code, said(h.Error.Message)))
		w.answered(cl, h.ID-publishID, refused, now)
	case h.Error != nil && h.ID == historyID:
		w.historyRefused(cl, h.Error.Code, said(h.Error.Message))
	case h.Error != nil:
		w.refusedHello(cl, &refusal{h.ID, h.Error.Code, said(h.Error.Message), h.Error.Temporary})
	case h.Connect != nil && cl.state == connecting:
		w.connected(cl)
	case h.Subscribe != nil && cl.state == joining:
		w.joined(cl, h.Subscribe, now)
	case h.History != nil:
		w.historyPage(cl, h.History)
	case h.Publish != nil && h.ID > publishID:
		w.answered(cl, h.ID-publishID, acked|ack(h.Publish.Offset&offsetMask), now)
	}
}

func (w *worker) refusedHello(cl *client, why *refusal) {
	if cl.state != connecting && cl.state != joining {
		w.report.Counters.Error(why.Error())
		return
	}
	c := w.loop.Conn(cl.handle)
	w.failed(cl, why)
	if c != nil {
		cl.handle = 0
		c.SetContext(nil)
		c.Close(1000, "")
	}
}

func (w *worker) connected(cl *client) {
	w.report.Phases.Record(report.Reply, w.since(cl.began))
	began := cl.began
	w.enterState(cl, joining)
	if w.run.o.OneFrame {
		cl.began = began
		return
	}
	w.send(cl, cl.subscribe())
}

// joined is the answer to subscribe: the room's position, and what was missed.
func (w *worker) joined(cl *client, p *position, now int64) {
	if len(p.Epoch) > maxEpoch {
		w.strange("an epoch of %d bytes", len(p.Epoch))
		return
	}
	w.report.Phases.Record(report.Join, w.since(cl.began))
	r := cl.room
	back := cl.has(resumable)
	w.present(cl)
	switch {
	case back && p.Recovered:
		r.enter(cl, cl.offset, true)
		for _, m := range p.Publications {
			w.publication(cl, unquote(m.Data), m.Offset, now)
		}
	case back:
		w.told(cl, p)
	default:
		r.enter(cl, p.Offset, p.Epoch != "" && (p.Recoverable || p.Positioned))
	}
	if r.epoch == "" {
		r.epoch = p.Epoch
	}
	if p.Recoverable {
		cl.set(resumable)
	}
}

// told is a room that cannot be resumed: the server says so, and that is no fault.
func (w *worker) told(cl *client, p *position) {
	w.report.Counters.Error("told that the room cannot be resumed (recovered: false)")
	w.report.Skip("what was missed by clients that were told recovered: false", "the server said that it is gone")
	cl.room.epoch = p.Epoch
	cl.room.forgo(cl, p.Offset)
}

func (w *worker) pushed(cl *client, h *heard, now int64) {
	switch p := h.Push; {
	case p.Pub != nil && p.Channel == cl.room.name:
		w.publication(cl, unquote(p.Pub.Data), p.Pub.Offset, now)
	case p.Pub != nil:
		w.invented(cl, p.Pub.Offset, fmt.Sprintf("a message of room %.100q, where c%d is not", p.Channel, cl.id))
	case p.Unsubscribe != nil:
		w.report.Counters.Error(fmt.Sprintf("unsubscribed by the server: %d %s", p.Unsubscribe.Code, said(p.Unsubscribe.Reason)))
		w.unsubscribed(cl)
	case p.Message != nil && bytes.Contains(p.Message.Data, []byte(`"dropped"`)):
		w.report.Counters.Error("told that messages were dropped, by the slow_consumer rule of the room")
		cl.set(unplaced)
	}
}

// unsubscribed comes back, as the SDKs do.
func (w *worker) unsubscribed(cl *client) {
	if cl.state != present {
		return
	}
	w.tally.open.Add(-1)
	w.opening++
	w.enterState(cl, joining)
	w.send(cl, cl.subscribe())
}

// publication is a message of the client's room.
func (w *worker) publication(cl *client, data []byte, offset uint64, now int64) {
	m, ok := parseBody(data, w.run.filling)
	if (!ok || m.run != w.run.id) && w.run.o.shared() {
		w.foreign(cl, offset)
		return
	}
	w.tally.delivered.Add(1)
	if !ok || m.run != w.run.id {
		w.invented(cl, offset, fmt.Sprintf("this was never sent: %.100q", data))
		return
	}
	d := time.Duration(now - m.due)
	if cl.plain == nil || cl.plain.how != stalls { // who does not read has itself to thank
		w.delivery.Record(d)
		w.second.Record(d)
	}
	if offset > cl.offset {
		cl.offset = offset
	}
	if w.run.o.Protocol == Rooms {
		cl.room.hear(cl, entry{0, m.sender, m.number})
	} else {
		cl.room.deliver(cl, entry{offset, m.sender, m.number})
	}
}

// foreign is a message of somebody else in a room that is shared.
func (w *worker) foreign(cl *client, offset uint64) {
	cl.offset = max(cl.offset, offset)
	w.report.Skip("whether messages were invented", "the rooms are shared with others: --room-name has no {run}")
}

func (w *worker) invented(cl *client, offset uint64, text string) {
	w.report.Violations.Add(report.Violation{Kind: report.Invented, Room: cl.room.name, Offset: offset, Client: clientName(cl.id), Text: text})
}

// answered is the answer to a publish.
func (w *worker) answered(cl *client, number uint32, a ack, now int64) {
	if cl.voice == nil {
		return
	}
	p, ok := cl.voice.answered(number, a)
	if !ok {
		w.report.Counters.Error("an answer to a publish that has one, or was never sent")
		return
	}
	w.tally.unanswered.Add(-1)
	w.tally.answered.Add(1)
	if a.is(acked) {
		w.report.Phases.Record(report.Ack, time.Duration(now-p.due))
	}
}

// echoed is a message that came back: the client's own, in order.
func (w *worker) echoed(cl *client, p []byte, now int64) {
	w.tally.delivered.Add(1)
	m, ok := parseBody(p, w.run.filling)
	v := cl.voice
	if !ok || m.run != w.run.id || m.sender != cl.id || v == nil || int(m.number) > len(v.acks) {
		w.invented(cl, 0, fmt.Sprintf("this was never sent by c%d: %.100q", cl.id, p))
		return
	}
	d := time.Duration(now - m.due)
	w.delivery.Record(d)
	w.second.Record(d)
	w.echoOrder(cl, m)
}

func (w *worker) echoOrder(cl *client, m body) {
	v := cl.voice
	fault := func(kind report.Kind, number uint32, text string) {
		w.report.Violations.Add(report.Violation{Kind: kind, Client: clientName(cl.id), Text: fmt.Sprintf("%v %s", id{cl.id, number}, text)})
	}
	if _, fresh := v.answered(m.number, acked); fresh {
		w.tally.unanswered.Add(-1)
		w.tally.answered.Add(1)
		if m.number < v.back {
			fault(report.Reordered, m.number, "came back after a later one")
		}
	} else {
		fault(report.Repeated, m.number, "came back again")
	}
	v.back = max(v.back, m.number)
}
