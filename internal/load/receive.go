package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/throngd/throng/internal/load/oracle"
	"github.com/throngd/throng/internal/load/report"
)

// receive handles one WebSocket message from the server.
func (w *worker) receive(cl *client, p []byte) {
	w.report.Counters.BytesIn += int64(len(p))
	now := w.run.clock.now()
	switch w.run.o.Protocol {
	case Echo:
		w.echo(cl, p, now)
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

// line handles one JSON object.
func (w *worker) line(cl *client, line []byte, now int64) {
	if data, offset, ok := scanPublication(line, cl.room.prefix); ok {
		w.publication(cl, data, offset, now)
		return
	}
	if id, offset, ok := scanAck(line); ok && id > publishID {
		w.answered(cl, id-publishID, oracle.AckedAt(offset), now)
		return
	}
	if len(line) == len("{}") {
		w.ping(cl)
		return
	}
	if scanJoinOrLeave(line, cl.room.prefix) {
		return
	}
	var m serverMessage
	if err := json.Unmarshal(line, &m); err != nil {
		w.report.Counters.Error("the server sent text that is not JSON")
		w.run.fail(w.run.explain(fmt.Errorf("%w: %.100q", errNotProtocol, line)))
		return
	}
	w.decoded(cl, &m, now)
}

// ping answers a ping of the Centrifuge protocol.
func (w *worker) ping(cl *client) {
	if cl.has(noPong) {
		return
	}
	w.counters.pings.Add(1)
	if !cl.has(pinged) {
		cl.set(pinged)
		w.counters.pinged.Add(1)
	}
	if c := w.loop.Conn(cl.handle); c != nil {
		c.SendRaw(w.run.pong)
	} else {
		w.send(cl, []byte("{}"))
	}
}

// decoded handles a message that had to be decoded as JSON.
func (w *worker) decoded(cl *client, m *serverMessage, now int64) {
	switch {
	case m.Push != nil:
		w.push(cl, m, now)
	case m.Error != nil && m.ID > publishID:
		w.report.Counters.Refused++
		w.report.Counters.Error(fmt.Sprintf("publish: error %d %s", m.Error.Code, printable(m.Error.Message)))
		w.answered(cl, m.ID-publishID, oracle.Refused, now)
	case m.Error != nil && m.ID == historyID:
		w.historyRefused(cl, m.Error.Code, printable(m.Error.Message))
	case m.Error != nil:
		w.openingRefused(cl, &refusal{m.ID, m.Error.Code, printable(m.Error.Message), m.Error.Temporary})
	case m.Connect != nil && cl.state == connecting:
		w.connected(cl)
	case m.Subscribe != nil && cl.state == subscribing:
		w.subscribed(cl, m.Subscribe, now)
	case m.History != nil:
		w.historyPage(cl, m.History)
	case m.Publish != nil && m.ID > publishID:
		w.answered(cl, m.ID-publishID, oracle.AckedAt(m.Publish.Offset), now)
	}
}

// openingRefused handles an error in reply to connect or subscribe.
func (w *worker) openingRefused(cl *client, why *refusal) {
	if cl.state != connecting && cl.state != subscribing {
		w.report.Counters.Error(why.Error())
		return
	}
	c := w.loop.Conn(cl.handle)
	w.openingFailed(cl, why)
	if c != nil {
		cl.handle = 0
	}
	closeSilently(c)
}

// connected handles the reply to connect.
func (w *worker) connected(cl *client) {
	w.report.Phases.Record(report.Reply, w.since(cl.began))
	began := cl.began
	w.enterState(cl, subscribing)
	if w.run.o.OneFrame {
		cl.began = began
		return
	}
	w.send(cl, cl.subscribe())
}

// subscribed handles the reply to subscribe: the room's position, and what the client missed.
func (w *worker) subscribed(cl *client, p *position, now int64) {
	if len(p.Epoch) > maxEpoch {
		w.malformed("an epoch of %d bytes", len(p.Epoch))
		return
	}
	w.report.Phases.Record(report.Join, w.since(cl.began))
	k := cl.room
	recovers := cl.Resumable
	w.present(cl)
	switch {
	case recovers && p.Recovered:
		k.enter(cl, cl.offset, true)
		for _, m := range p.Publications {
			w.publication(cl, unquote(m.Data), m.Offset, now)
		}
	case recovers:
		w.notRecovered(cl, p)
	default:
		k.enter(cl, p.Offset, p.Epoch != "" && (p.Recoverable || p.Positioned))
	}
	if k.epoch == "" {
		k.epoch = p.Epoch
	}
	if p.Recoverable {
		cl.Resumable = true
	}
}

// notRecovered handles the reply that what the client missed cannot be recovered. That is correct
// behaviour of a server: it is noted, and no violation.
func (w *worker) notRecovered(cl *client, p *position) {
	w.report.Counters.Error("told that the room cannot be resumed (recovered: false)")
	w.report.Skip("what was missed by clients that were told recovered: false", "the server said that it is gone")
	cl.room.epoch = p.Epoch
	cl.offset = p.Offset
	cl.room.JoinWithLoss(&cl.Member, p.Offset)
}

func (w *worker) push(cl *client, m *serverMessage, now int64) {
	switch p := m.Push; {
	case p.Pub != nil && p.Channel == cl.room.Name:
		w.publication(cl, unquote(p.Pub.Data), p.Pub.Offset, now)
	case p.Pub != nil:
		w.invented(cl, p.Pub.Offset, fmt.Sprintf("a message of room %.100q, which c%d has not joined", p.Channel, cl.ID))
	case p.Unsubscribe != nil:
		w.report.Counters.Error(fmt.Sprintf("unsubscribed by the server: %d %s", p.Unsubscribe.Code, printable(p.Unsubscribe.Reason)))
		w.subscribeAgain(cl)
	case p.Message != nil && bytes.Contains(p.Message.Data, []byte(`"dropped"`)):
		w.report.Counters.Error("told that messages were dropped, by the slow_consumer rule of the room")
		cl.room.JoinAnywhere(&cl.Member)
	}
}

// subscribeAgain subscribes after the server has ended the subscription, as the SDKs do.
func (w *worker) subscribeAgain(cl *client) {
	if cl.state != present {
		return
	}
	w.counters.open.Add(-1)
	w.opening++
	w.enterState(cl, subscribing)
	w.send(cl, cl.subscribe())
}

// publication handles a message of the client's room.
func (w *worker) publication(cl *client, data []byte, offset uint64, now int64) {
	m, ok := parseBody(data, w.run.filling)
	ours := ok && m.run == w.run.id
	if !ours && w.run.o.shared() {
		w.foreign(cl, offset)
		return
	}
	w.counters.delivered.Add(1)
	if !ours {
		w.invented(cl, offset, fmt.Sprintf("this was never sent: %.100q", data))
		return
	}
	if cl.bad == nil || cl.bad.how != stopsReading { // a client that stops reading causes its own latency
		w.recordDelivery(now - m.due)
	}
	if offset > cl.offset {
		cl.offset = offset
	}
	cl.room.Deliver(&cl.Member, oracle.Entry{Offset: offset, Sender: m.sender, Number: m.number})
}

func (w *worker) recordDelivery(nanoseconds int64) {
	d := time.Duration(nanoseconds)
	w.delivery.Record(d)
	w.second.Record(d)
}

// foreign handles a message that is not of this run, in a room that others use too.
func (w *worker) foreign(cl *client, offset uint64) {
	cl.offset = max(cl.offset, offset)
	w.report.Skip("whether messages were invented", "the rooms are shared with others: --room-name has no {run}")
}

func (w *worker) invented(cl *client, offset uint64, text string) {
	cl.room.Violate(&cl.Member, report.Invented, oracle.Entry{Offset: offset}, text)
}

// answered handles the reply to a publish.
func (w *worker) answered(cl *client, number uint32, a oracle.Ack, now int64) {
	if cl.sender == nil {
		return
	}
	p, ok := cl.sender.answered(number, a)
	if !ok {
		w.report.Counters.Error("a second reply to a publish, or a reply to one that was never sent")
		return
	}
	w.counters.unanswered.Add(-1)
	w.counters.answered.Add(1)
	if a.Is(oracle.Acked) {
		w.report.Phases.Record(report.Ack, time.Duration(now-p.due))
	}
}

// echo handles a message from an echo server: it must be the client's own, and in order.
func (w *worker) echo(cl *client, p []byte, now int64) {
	w.counters.delivered.Add(1)
	m, ok := parseBody(p, w.run.filling)
	s := cl.sender
	if !ok || m.run != w.run.id || m.sender != cl.ID || s == nil || int(m.number) > len(s.acks) {
		w.invented(cl, 0, fmt.Sprintf("this was never sent by c%d: %.100q", cl.ID, p))
		return
	}
	w.recordDelivery(now - m.due)
	w.checkEcho(cl, m.number)
}

// checkEcho checks that a message came back once, and after those that were sent before it.
func (w *worker) checkEcho(cl *client, number uint32) {
	violation := func(kind report.Kind, text string) {
		m := oracle.ID{Sender: cl.ID, Number: number}
		w.report.Violations.Add(report.Violation{Kind: kind, Client: oracle.ClientName(cl.ID), Text: fmt.Sprintf("%v %s", m, text)})
	}
	s := cl.sender
	if _, first := s.answered(number, oracle.Acked); first {
		w.counters.unanswered.Add(-1)
		w.counters.answered.Add(1)
		if number < s.lastEcho {
			violation(report.Reordered, "came back after a later one")
		}
	} else {
		violation(report.Repeated, "came back again")
	}
	s.lastEcho = max(s.lastEcho, number)
}
