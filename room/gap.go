package room

import (
	"math"
	"time"
)

// A room broadcasts messages in order of offset. A message's Prev shows whether
// messages are missing before it. A message that is missing with none behind it
// is found by a gap check: the log has acknowledged it, or a Sink reports that
// messages may be lost. A repair reads the missing messages from the log.

// receive broadcasts p if it is the room's next message, and buffers it while
// the position is unknown or a gap is being repaired.
func (s *shard) receive(r *room, p *Publication) {
	switch {
	case !r.ready || r.repairing():
		r.buffer(p)
	case p.Offset <= r.head: // the members have it
	case p.Prev > r.head:
		r.buffer(p)
		s.startRepair(r)
	default:
		s.push(r, p)
	}
}

// push encodes and broadcasts p, which is the room's head from now on.
func (s *shard) push(r *room, p *Publication) {
	s.broadcast(r, func(f Form) Buffer { return s.cfg.Encode(r.name, p, f) }, false)
	s.messages++
	r.head = p.Offset
	if r.sync != nil {
		r.sync.keepTail(p, s.cfg.RecoveryMaxPublications)
	}
}

// maxBuffered is the number of messages that one room buffers. One more is
// dropped and read from the log later.
const maxBuffered = 4096

func (r *room) buffer(p *Publication) {
	st := r.ensureSync()
	st.seen = max(st.seen, p.Offset)
	if len(st.buffered) < maxBuffered {
		st.buffered = append(st.buffered, p)
	}
}

func (s *shard) drainBuffered(r *room) {
	if r.sync == nil {
		return
	}
	buffered := r.sync.buffered
	r.sync.buffered = nil
	for _, p := range buffered {
		s.receive(r, p)
	}
}

// gapCheck is a room that may have missed a message. It is due after
// gapCheckDelay, since most messages come a moment later.
type gapCheck struct {
	room   *room
	offset uint64 // of a message that exists, or readAlways
	due    time.Duration
}

const gapCheckDelay = time.Second

// readAlways is the offset of a gap check that reads the log in any case.
const readAlways = math.MaxUint64

// noteOffset notes that a message of this offset exists, and schedules a gap
// check if it has not come. A room has at most one of these.
func (s *shard) noteOffset(r *room, offset uint64) {
	if r == nil || r.closed || !r.ready || offset <= r.head {
		return
	}
	st := r.ensureSync()
	st.seen = max(st.seen, offset)
	if !st.checkScheduled {
		st.checkScheduled = true
		s.scheduleGapCheck(r, offset)
	}
}

// scheduleGapCheck queues a gap check. A room has at most one with readAlways.
func (s *shard) scheduleGapCheck(r *room, offset uint64) {
	if offset == readAlways {
		if r.readScheduled {
			return
		}
		r.readScheduled = true
	}
	s.gapChecks.push(gapCheck{r, offset, s.now + gapCheckDelay})
}

// runGapCheck starts a repair if the message has not come. A check with
// readAlways of a room that cannot be repaired now is scheduled again.
func (s *shard) runGapCheck(x gapCheck) {
	r := x.room
	if r.closed {
		return
	}
	if x.offset == readAlways {
		r.readScheduled = false
	}
	switch {
	case r.ready && !r.repairing() && x.offset > r.head:
		r.ensureSync().checkScheduled = false
		s.startRepair(r)
	case x.offset == readAlways:
		s.scheduleGapCheck(r, readAlways)
	case r.sync != nil:
		r.sync.checkScheduled = false
		s.noteOffset(r, r.sync.seen)
	}
}

func (r *room) repairing() bool { return r.sync != nil && r.sync.repair != 0 }

// startRepair reads what follows the head. Until the log answers, messages are
// buffered.
func (s *shard) startRepair(r *room) {
	st := r.ensureSync()
	w := s.waits.add(&Command{Op: repair, Room: r.name, Options: r.opts})
	w.room = r
	st.repair = w.token
	s.log.Read(w.token, Query{
		Room: r.name, Options: r.opts, HasSince: true, Since: r.position(),
		Limit: s.cfg.RecoveryMaxPublications, MaxBytes: s.cfg.RecoveryMaxBytes,
	})
	s.startTimeout(w.token)
}

// repairFound takes the answer to the read of a repair. It goes on with the next
// page, ends the repair, or removes the members if the gap cannot be closed.
func (s *shard) repairFound(w *wait, res *Result) {
	r, token := w.room, w.token
	s.waits.end(w)
	if r.closed || r.sync == nil || r.sync.repair != token {
		return
	}
	r.sync.repair = 0
	advanced := s.applyRepair(r, res)
	switch {
	case !r.repairable(res, advanced):
		s.gaps++
		s.ejectMembers(r)
		s.closeIfEmpty(r)
	case advanced && !res.Complete:
		s.startRepair(r)
	default:
		s.drainBuffered(r)
		s.headMoved(r)
	}
}

// applyRepair broadcasts what a repair has read, up to the first gap in it. It
// reports whether the head has moved.
func (s *shard) applyRepair(r *room, res *Result) (advanced bool) {
	if res.Err != nil || res.Position.Epoch != r.epoch {
		return false
	}
	before := r.head
	for i := range res.Publications {
		if p := &res.Publications[i]; p.Offset > r.head && p.Prev <= r.head {
			s.push(r, p)
		}
	}
	if res.Complete {
		r.head = max(r.head, res.Position.Offset)
	}
	if r.head > before {
		s.gaps++
	}
	return r.head > before
}

// maxFailedRepairs is the number of repairs in a row that may bring nothing,
// because the log did not answer or a replica of it that is behind did.
const maxFailedRepairs = 3

// repairable tells whether the gap can still be closed.
func (r *room) repairable(res *Result, advanced bool) bool {
	st := r.sync
	switch {
	case advanced:
		st.failedRepairs = 0
	case res.Err != nil:
		st.failedRepairs++
	case res.Position.Epoch != r.epoch:
		return false
	case res.Position.Offset < max(st.seen, r.head):
		st.failedRepairs++
	default:
		return res.Complete
	}
	return st.failedRepairs <= maxFailedRepairs
}

// ejectMembers removes all members with an Insufficient event, since what they
// miss cannot be read. A client then joins again with its own position.
func (s *shard) ejectMembers(r *room) {
	for conn, e := range r.members {
		a := s.answers.next()
		a.Op, a.Room, a.Member, a.Err = Leave, r.name, r.member(conn, e), ErrInsufficient
		s.emit(int(e.loop), Event{Kind: Insufficient, Room: r.name, Answer: a})
	}
	s.members -= int64(len(r.members))
	r.members, r.loops, r.users, r.chanInfo = nil, nil, nil, nil
	r.cancelJoinLeave()
	r.ready = false
	st := r.ensureSync()
	st.buffered, st.tail, st.repair, st.failedRepairs = nil, nil, 0, 0
	for _, t := range st.ahead {
		if w := s.waits.get(t); w != nil {
			s.failJoin(w, ErrTemporary)
		}
	}
	st.ahead = nil
}
