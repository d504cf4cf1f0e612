package report

import "github.com/throngd/throng/internal/terminal"

// Counters are sums over the run.
type Counters struct {
	Sent         int64 `json:"sent"`         // messages published, or sent to an echo server
	Acknowledged int64 `json:"acknowledged"` // publishes that the server confirmed
	Refused      int64 `json:"refused"`      // publishes that it refused
	Delivered    int64 `json:"delivered"`    // messages received, each subscriber counted
	Checked      int64 `json:"checked"`      // deliveries and history entries that the oracle compared
	BytesIn      int64 `json:"bytes_in"`     // of the messages' payloads as they came
	BytesOut     int64 `json:"bytes_out"`    // of the payloads sent
	Pings        int64 `json:"pings"`        // pings answered, either way
	Reconnects   int64 `json:"reconnects"`   // connections opened again
	Retries      int64 `json:"retries"`      // attempts to reconnect in a storm that failed and were repeated
	Dials        int64 `json:"dials"`        // all attempts to connect
	FailedDials  int64 `json:"failed_dials"` // attempts that came to nothing
	Rooms        int64 `json:"rooms"`        // rooms that were used; of merged processes the greatest
	Late         int64 `json:"late"`         // messages sent more than 10 ms after they were due: the load tester itself was too slow

	// Disconnects are the connections that the server ended, by close code.
	Disconnects map[int]int64 `json:"disconnects,omitempty"`
	// Errors are failed dials, refused commands and the like, by text.
	Errors map[string]int64 `json:"errors,omitempty"`
}

// maxErrors bounds the different texts of errors; the others are counted as one.
const maxErrors = 50

const otherErrors = "other errors"

// Disconnect counts an ended connection.
func (c *Counters) Disconnect(code int) { c.disconnects(code, 1) }

func (c *Counters) disconnects(code int, n int64) {
	if c.Disconnects == nil {
		c.Disconnects = map[int]int64{}
	}
	c.Disconnects[code] += n
}

// maxErrorText is the most runes of an error that are kept, because its text may be the server's.
const maxErrorText = 400

// Error counts an error. Texts should not have numbers that change (ports, ids) in them.
func (c *Counters) Error(text string) { c.errors(terminal.Short(text, maxErrorText), 1) }

func (c *Counters) errors(text string, n int64) {
	if c.Errors == nil {
		c.Errors = map[string]int64{}
	}
	if _, known := c.Errors[text]; !known && len(c.Errors) >= maxErrors {
		text = otherErrors
	}
	c.Errors[text] += n
}

// Merge adds those of another process.
func (c *Counters) Merge(o *Counters) {
	c.Sent += o.Sent
	c.Acknowledged += o.Acknowledged
	c.Refused += o.Refused
	c.Delivered += o.Delivered
	c.Checked += o.Checked
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	c.Pings += o.Pings
	c.Reconnects += o.Reconnects
	c.Retries += o.Retries
	c.Dials += o.Dials
	c.FailedDials += o.FailedDials
	c.Rooms = max(c.Rooms, o.Rooms)
	c.Late += o.Late
	for code, n := range o.Disconnects {
		c.disconnects(code, n)
	}
	for text, n := range o.Errors {
		c.errors(text, n)
	}
}
