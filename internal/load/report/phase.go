package report

import (
	"encoding/json"
	"fmt"
	"time"
)

// Phase is a part of a connection's life.
type Phase string

// The phases in the order of a connection's life. Connect is the sum of the three that follow
// it, measured for each connection.
const (
	Connect  Phase = "connect"
	TCP      Phase = "tcp"
	TLS      Phase = "tls"
	HTTP     Phase = "http"
	Reply    Phase = "reply"
	Join     Phase = "join"
	Ack      Phase = "ack"
	Delivery Phase = "delivery"
	Ping     Phase = "ping"
	Close    Phase = "close"
	Back     Phase = "back"
)

// AllPhases are the phases in the order of a connection's life.
func AllPhases() []Phase {
	return []Phase{Connect, TCP, TLS, HTTP, Reply, Join, Ack, Delivery, Ping, Close, Back}
}

// Title is the phase as a report shows it, with its formula if it has one.
func (p Phase) Title() string {
	switch p {
	case Connect:
		return "connect = TCP + HTTP"
	case TCP, TLS, HTTP:
		return map[Phase]string{TCP: "TCP", TLS: "TLS", HTTP: "HTTP"}[p]
	case Delivery:
		return "send = encode + transmit"
	}
	return string(p)
}

// PartOf is the phase that this one is a part of, or "".
func (p Phase) PartOf() Phase {
	if p == TCP || p == TLS || p == HTTP {
		return Connect
	}
	return ""
}

// Meaning defines the beginning and the end of a phase.
func (p Phase) Meaning() string {
	switch p {
	case Connect:
		return "from the first SYN to the 101 (with wss: TCP + TLS + HTTP)"
	case TCP:
		return "connect(2): one round trip, and the server's backlog"
	case TLS:
		return "the TLS handshake"
	case HTTP:
		return "the upgrade: from the request to the last byte of the 101"
	case Reply:
		return "from the connect command to its reply"
	case Join:
		return "from the subscribe command to its reply"
	case Ack:
		return "from when a publish was due to its reply"
	case Delivery:
		return "from when a message was due to its arrival at each subscriber"
	case Ping:
		return "from a ping to its pong"
	case Close:
		return "from the close frame to the end of the socket"
	case Back:
		return "from the moment at which all drop to the room again, with every try"
	}
	return ""
}

// Phases are the latencies of all phases. The zero value is empty.
type Phases struct {
	of map[Phase]*Histogram
}

// Record adds one measurement.
func (p *Phases) Record(phase Phase, d time.Duration) { p.Of(phase).Record(d) }

// Of returns the histogram of a phase for recording. It is never nil.
func (p *Phases) Of(phase Phase) *Histogram {
	h := p.of[phase]
	if h == nil {
		if p.of == nil {
			p.of = map[Phase]*Histogram{}
		}
		h = new(Histogram)
		p.of[phase] = h
	}
	return h
}

// Get returns the histogram of a phase for reading, an empty one if nothing was recorded.
func (p *Phases) Get(phase Phase) *Histogram {
	if h := p.of[phase]; h != nil {
		return h
	}
	return new(Histogram)
}

// Merge adds the measurements of another process. q is not changed.
func (p *Phases) Merge(q *Phases) {
	for phase, h := range q.of {
		p.Of(phase).Merge(h)
	}
}

// MarshalJSON leaves out phases that were not measured.
func (p Phases) MarshalJSON() ([]byte, error) {
	out := map[Phase]*Histogram{}
	for phase, h := range p.of {
		if h.Count() > 0 {
			out[phase] = h
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON rejects unknown phases.
func (p *Phases) UnmarshalJSON(b []byte) error {
	p.of = nil
	if err := json.Unmarshal(b, &p.of); err != nil {
		return err
	}
	for phase, h := range p.of {
		if phase.Meaning() == "" || h == nil {
			return fmt.Errorf("unknown or empty phase %q", string(phase))
		}
	}
	return nil
}
