package room

import "time"

// wait is a command that was handed to the log, or a repeat of such a publish.
type wait struct {
	token  uint64 // generation and index; 0: free
	gen    uint32
	cmd    Command
	room   *room   // Join and repair
	result *Result // Join: the read was answered, but the feed is behind it
	key    idKey   // Publish with an idempotency key

	repeats []uint64 // tokens of the repeats of a Publish
}

// repair is the Op of a read that closes a gap.
const repair Op = 0xff

// waits is the table of waits. A token carries the generation of its slot, so an
// answer that comes too late finds nothing.
type waits struct {
	slots    []*wait
	free     []uint32
	n        int
	timeouts queue[timeout]
}

type timeout struct {
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

// get returns the wait of a token, nil if it has ended.
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

// hasPublish tells whether the log has yet to answer a publish.
func (t *waits) hasPublish() bool {
	for _, w := range t.slots {
		if w.token != 0 && w.cmd.Op == Publish {
			return true
		}
	}
	return false
}

// atCapacity tells whether MaxInFlight commands wait for the log, and counts
// that: the caller refuses its command then.
func (s *shard) atCapacity() bool {
	if s.waits.n < s.cfg.MaxInFlight {
		return false
	}
	s.hub.limits.mailbox.Add(1)
	return true
}

// startTimeout starts the timeout of a wait, unless the log has answered within
// the call.
func (s *shard) startTimeout(token uint64) {
	if s.waits.get(token) != nil {
		s.waits.timeouts.push(timeout{token, s.now + s.cfg.LogTimeout})
	}
}

// timeOut ends a wait that the log has not answered. Whether a publish was
// stored is unknown then.
func (s *shard) timeOut(w *wait) {
	switch w.cmd.Op {
	case Publish:
		s.Appended(w.token, Stored{Err: ErrTemporary})
	default:
		s.Found(w.token, Result{Err: ErrTemporary})
	}
}
