package chat

// outgoing is one message on its way: typed, but not known to be stored.
type outgoing struct {
	id   string
	text string
	came bool // the room has given it back: it is stored, whatever becomes of the answer
	busy int  // how often the server asked to try again later
	lost int  // how often it was sent without an answer
}

// outbox holds what was typed and not acknowledged, in order. At most one message is in flight, so that they keep their
// order and at most one is in doubt when the connection ends. The one in doubt is sent again only after the room's
// missed messages have been read without finding it; a reader who sees it twice all the same can tell by its id.
type outbox struct {
	queue   []outgoing
	flying  bool // the first of the queue was handed to the SDK and has no answer yet
	resting bool // the server asked to try later; a timer runs
	refused int
	reason  error // why the first was refused
}

const (
	outboxFull = 256  // a pipe is not read further; a person may type on
	outboxMost = 1024 // and not without end: it may be a text that was pasted
)

func (b *outbox) empty() bool { return len(b.queue) == 0 }
func (b *outbox) full() bool  { return len(b.queue) >= outboxFull }

func (b *outbox) add(text string) {
	b.queue = append(b.queue, outgoing{id: newID(), text: text})
}

// take gives the message to send now, or nil.
func (b *outbox) take() *outgoing {
	if b.flying || b.resting || b.empty() {
		return nil
	}
	if b.queue[0].came {
		b.drop()
		return b.take()
	}
	b.flying = true
	return &b.queue[0]
}

// drop forgets the first message: it is stored, or was refused.
func (b *outbox) drop() { b.queue = b.queue[1:] }

// refuse drops the first message for good.
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

// saw marks the message with this id as given back by the room, and says whether it is one of ours.
func (b *outbox) saw(id string) bool {
	for i := range b.queue {
		if b.queue[i].id == id {
			b.queue[i].came = true
			return true
		}
	}
	return false
}

// pending says whether a message has not been given back by the room yet.
func (b *outbox) pending() bool {
	for i := range b.queue {
		if !b.queue[i].came {
			return true
		}
	}
	return false
}

// has says whether a message with this id is on its way.
func (b *outbox) has(id string) bool {
	for i := range b.queue {
		if b.queue[i].id == id {
			return true
		}
	}
	return false
}
