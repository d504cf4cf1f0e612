package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Recoverer is a Protocol whose clients can recover the messages that they missed.
type Recoverer interface {
	// Recover makes the hello that recovers from the position in joined, the reply to an earlier hello.
	Recover(room string, joined []byte) ([]byte, error)
	// Presence makes the command that asks for the number of members; the reply contains want if it is members.
	Presence(room string, members int) (ask, want []byte)
}

// position is the position of the room in the reply to subscribe.
type position struct {
	ID        int
	Subscribe struct {
		Epoch       string
		Offset      uint64
		Recoverable bool
	}
}

func (centrifuge) Recover(room string, joined []byte) ([]byte, error) {
	for line := range bytes.Lines(joined) {
		var p position
		if err := json.Unmarshal(line, &p); err != nil {
			return nil, fmt.Errorf("the answer to subscribe: %w", err)
		}
		if p.ID != 2 {
			continue
		}
		if !p.Subscribe.Recoverable {
			return nil, fmt.Errorf("the room %s is not recoverable: %.200s", room, line)
		}
		return fmt.Appendf(nil, connectCommand+"\n"+`{"id":2,"subscribe":{"channel":%q,"recover":true,"epoch":%q,"offset":%d}}`,
			room, p.Subscribe.Epoch, p.Subscribe.Offset), nil
	}
	return nil, fmt.Errorf("no answer to subscribe in %.200s", joined)
}

func (centrifuge) Presence(room string, members int) (ask, want []byte) {
	return fmt.Appendf(nil, `{"id":4,"presence_stats":{"channel":%q}}`, room), fmt.Appendf(nil, `"num_clients":%d`, members)
}
