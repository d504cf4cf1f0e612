package chat

// outgoing is a message that was typed and is not known to be stored.
type outgoing struct {
	id         string
	text       string
	echoed     bool // the room has delivered it: it is stored, even if there is no reply
	busy       int  // how often the server asked to try again later
	unanswered int  // how often it was sent without an answer
}

// outbox has the messages that were typed and are not acknowledged, in order. At most one message is in flight, so that
// they keep their order, and at most one is in doubt when the connection ends. That one is sent again only if it is not
// among the missed messages of the room; a reader that receives it twice all the same recognizes it by its id.
type outbox struct {
	queue    []outgoing
	inFlight bool // the first of the queue was given to the SDK and has no reply yet
	waiting  bool // the server asked to try again later; a timer runs
	refused  int
	reason   error // why the first was refused
}

const (
	outboxFull = 256  // messages from which on a pipe is not read further
	outboxMost = 1024 // messages from which on typed or pasted lines are rejected
)

func (b *outbox) empty() bool { return len(b.queue) == 0 }
func (b *outbox) full() bool  { return len(b.queue) >= outboxFull }

func (b *outbox) add(text string) {
	b.queue = append(b.queue, outgoing{id: newID(), text: text})
}

// take returns the message to send now, or nil.
func (b *outbox) take() *outgoing {
	if b.inFlight || b.waiting || b.empty() {
		return nil
	}
	if b.queue[0].echoed {
		b.drop()
		return b.take()
	}
	b.inFlight = true
	return &b.queue[0]
}

// drop removes the first message, which is stored or was refused.
func (b *outbox) drop() { b.queue = b.queue[1:] }

// refuse removes the first message because of an error.
func (b *outbox) refuse(why error) {
	b.reject(why)
	b.drop()
}

// reject counts a message that will not be sent.
func (b *outbox) reject(why error) {
	b.refused++
	if b.reason == nil {
		b.reason = why
	}
}

// markEchoed notes that the room has delivered the message with this id, and reports whether it was sent from here.
func (b *outbox) markEchoed(id string) bool {
	for i := range b.queue {
		if b.queue[i].id == id {
			b.queue[i].echoed = true
			return true
		}
	}
	return false
}

// pending reports whether the room has not delivered all messages yet.
func (b *outbox) pending() bool {
	for i := range b.queue {
		if !b.queue[i].echoed {
			return true
		}
	}
	return false
}

// has reports whether a message with this id is in the queue.
func (b *outbox) has(id string) bool {
	for i := range b.queue {
		if b.queue[i].id == id {
			return true
		}
	}
	return false
}
