package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// The commands and replies of the Centrifuge protocol (docs/protocol.md). Frequent messages, that is
// publications, acknowledgements, joins and leaves, are recognized by their fixed beginning. All
// others are decoded as JSON.

// The ids of commands. Publishes have their number, which begins with 1, added to publishID.
const (
	connectID   = 1
	subscribeID = 2
	historyID   = 3
	publishID   = 16
)

func connectCommand(token string) []byte {
	if token == "" {
		return []byte(`{"id":1,"connect":{"name":"throng load"}}`)
	}
	return fmt.Appendf(nil, `{"id":1,"connect":{"token":"%s","name":"throng load"}}`, token)
}

// jsonText escapes a text for a JSON string.
func jsonText(b []byte) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(string(b))             // never fails
	return out.Bytes()[1 : out.Len()-2] // without the quotes, and the newline behind them
}

func subscribeCommand(room string) []byte {
	return fmt.Appendf(nil, `{"id":2,"subscribe":{"channel":%q,"recoverable":true,"positioned":true}}`, room)
}

func recoverCommand(room, epoch string, offset uint64) []byte {
	return fmt.Appendf(nil, `{"id":2,"subscribe":{"channel":%q,"recoverable":true,"positioned":true,"recover":true,"epoch":%q,"offset":%d}}`, room, epoch, offset)
}

// historyCommand asks for everything after an offset; with no epoch, from the beginning.
func historyCommand(room, epoch string, offset uint64) []byte {
	if epoch == "" {
		return fmt.Appendf(nil, `{"id":3,"history":{"channel":%q,"limit":-1}}`, room)
	}
	return fmt.Appendf(nil, `{"id":3,"history":{"channel":%q,"limit":-1,"since":{"offset":%d,"epoch":%q}}}`, room, offset, epoch)
}

func appendPublish(dst []byte, room string, m body, filling []byte) []byte {
	dst = strconv.AppendUint(append(dst, `{"id":`...), publishID+uint64(m.number), 10)
	dst = append(append(dst, `,"publish":{"channel":"`...), room...)
	dst = m.append(append(dst, `","data":"`...), filling)
	return append(dst, `"}}`...)
}

const pubKey = `"pub":{"data":"`

func publicationPrefix(room string) []byte {
	return fmt.Appendf(nil, `{"push":{"channel":%q,%s`, room, pubKey)
}

// serverMessage is one JSON object from the server.
type serverMessage struct {
	ID    uint32
	Error *struct {
		Code      uint32
		Message   string
		Temporary bool
	}
	Connect   *struct{}
	Subscribe *position
	Publish   *struct{ Offset uint64 }
	History   *position
	Push      *struct {
		Channel     string
		Pub         *publication
		Unsubscribe *struct {
			Code   int
			Reason string
		}
		Disconnect *struct {
			Code   int
			Reason string
		}
		Message *struct{ Data json.RawMessage }
	}
}

// position is the result of subscribe and of history.
type position struct {
	Epoch        string
	Offset       uint64
	Recoverable  bool
	Positioned   bool
	Recovered    bool
	WasRecover   bool `json:"was_recovering"`
	Publications []publication
}

type publication struct {
	Data   json.RawMessage
	Offset uint64
}

// scanPublication reads a publication in the room whose prefix that is. ok is false for everything
// else, and for publications in another form.
func scanPublication(line, prefix []byte) (data []byte, offset uint64, ok bool) {
	if !bytes.HasPrefix(line, prefix) {
		return nil, 0, false
	}
	data = line[len(prefix):]
	end := bytes.IndexByte(data, '"')
	if end < 0 {
		return nil, 0, false
	}
	data, rest := data[:end], data[end+1:]
	if bytes.IndexByte(data, '\\') >= 0 {
		return nil, 0, false
	}
	return data, lastOffset(rest), true
}

// scanJoinOrLeave recognizes a join or a leave in the room. The clients do not ask for them, but a
// server may send them: n to each of n members.
func scanJoinOrLeave(line, prefix []byte) bool {
	rest, ours := bytes.CutPrefix(line, prefix[:len(prefix)-len(pubKey)])
	return ours && (bytes.HasPrefix(rest, []byte(`"join":`)) || bytes.HasPrefix(rest, []byte(`"leave":`)))
}

// lastOffset is the value of the last "offset" in b; it stands behind the info.
func lastOffset(b []byte) uint64 {
	const key = `"offset":`
	i := bytes.LastIndex(b, []byte(key))
	if i < 0 {
		return 0
	}
	n, _ := number(b[i+len(key):])
	return n
}

// scanAck reads the reply to a publish that succeeded.
func scanAck(line []byte) (id uint32, offset uint64, ok bool) {
	const begin, middle = `{"id":`, `,"publish":{`
	if !bytes.HasPrefix(line, []byte(begin)) {
		return 0, 0, false
	}
	n, digits := number(line[len(begin):])
	rest := line[len(begin)+digits:]
	if digits == 0 || !bytes.HasPrefix(rest, []byte(middle)) {
		return 0, 0, false
	}
	return uint32(n), lastOffset(rest), true
}

func number(b []byte) (n uint64, digits int) {
	for digits < len(b) && digits < 19 && b[digits]-'0' <= 9 {
		n = n*10 + uint64(b[digits]-'0')
		digits++
	}
	return n, digits
}

// unquote decodes the data of a publication, which is a JSON string in messages of a run. It returns nil
// for other data.
func unquote(data json.RawMessage) []byte {
	var s string
	if json.Unmarshal(data, &s) != nil {
		return nil
	}
	return []byte(s)
}
