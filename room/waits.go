package room

import "time"

// wait is a command that was handed to the log, or waits for one that was.
type wait struct {
	token uint64 // generation and index; 0: free
	gen   uint32
	cmd   Command
	room  *room   // Join and repair
	found *Result // Join: read, but the feed lags behind
	key   idKey   // Publish with an idempotency key

	repeats []uint64 // tokens of the repeats of a Publish
}

// repair is the Op of a read that closes a gap.
const repair Op = 0xff

// waits is the table of them. Tokens carry a generation, so that an answer that
// comes too late meets nobody.
type waits struct {
	slots []*wait
	free  []uint32
	n     int
	queue queue[deadline] // in order of due: all wait equally long
}

type deadline struct {
	token uint64
	due   time.Duration
}

// add copies c into a new wait.
func (t *waits) add(c *Command) *wait {
	if len(t.free) == 0 {
		t.free = append(t.free, uint32(len(t.slots)))
		t.slots = append(t.slots, new(wait))
	}
	i := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	t.n++
	w := t.slots[i]
	w.gen++
	w.token = uint64(w.gen)<<32 | uint64(i)
	w.cmd = *c
	return w
}

// get returns the wait of a token, nil if it is over.
func (t *waits) get(token uint64) *wait {
	i := uint32(token)
	if token == 0 || int(i) >= len(t.slots) || t.slots[i].token != token {
		return nil
	}
	return t.slots[i]
}

// end frees w.
func (t *waits) end(w *wait) {
	t.free = append(t.free, uint32(w.token))
	t.n--
	*w = wait{gen: w.gen}
}

func (t *waits) all() (ws []*wait) {
	for _, w := range t.slots {
		if w.token != 0 {
			ws = append(ws, w)
		}
	}
	return ws
}
