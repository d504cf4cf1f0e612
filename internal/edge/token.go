package edge

import (
	"time"

	"github.com/throngd/throng/room"
)

// A token is what a command takes along to its room and gets back with its answer, in room.Command.Token:
//
//	bits 0-31   id of the client's command; 0: no reply is expected
//	bits 32-37  flags, of joins and leaves; tokenBulk of all commands
//	bits 40-63  joins and leaves: serial number of the membership
//	            publishes: time at which the command was decoded, in microseconds of the edge's uptime
//
// The time wraps around after 16 seconds, which is more than a command waits for its answer.
type token uint64

const (
	tokenRecoverable = 1 << (32 + iota) // the reply says recoverable
	tokenPositioned                     // the reply says positioned
	tokenWatch                          // also of the topic for joins and leaves
	tokenBulk                           // the answer ends a bulk command
	tokenPage                           // the client has the reply and a part of the recovery, this is another part
	tokenRecover                        // the client asked for recovery, granted or not

	serialShift = 40
	serialMax   = 1<<(64-serialShift) - 1
)

// joinToken is the token of a join or a leave.
func joinToken(id, serial uint32, flags uint64) uint64 {
	return uint64(id) | uint64(serial)<<serialShift | flags
}

// flag returns bit if on is true.
func flag(bit uint64, on bool) uint64 {
	if on {
		return bit
	}
	return 0
}

func (t token) id() uint32        { return uint32(t) }
func (t token) serial() uint32    { return uint32(t >> serialShift) }
func (t token) recoverable() bool { return t&tokenRecoverable != 0 }
func (t token) positioned() bool  { return t&tokenPositioned != 0 }
func (t token) watch() bool       { return t&tokenWatch != 0 }
func (t token) bulk() bool        { return t&tokenBulk != 0 }
func (t token) page() bool        { return t&tokenPage != 0 }
func (t token) recover() bool     { return t&tokenRecover != 0 }

// nextPage is the token of the join that continues a recovery. It has no id: the client has its reply.
func (t token) nextPage() uint64 { return uint64(t|tokenPage) &^ (1<<32 - 1) }

// publishToken is the token of a publish.
func (e *Edge) publishToken(id uint32) uint64 {
	return uint64(id) | e.tokenTime()<<serialShift
}

func (e *Edge) tokenTime() uint64 { return uint64(e.uptime()/time.Microsecond) & serialMax }

// observeEncode counts the time from the publish command to its encoded push. The answer to the publish is delivered in
// the turn of the shard in which the push was encoded. The clock is read once per delivery.
func (d *delivery) observeEncode(a *room.Answer) {
	if a.Op != room.Publish || a.Err != nil || a.Repeat {
		return
	}
	if !d.timed {
		d.timed, d.now = true, d.edge.tokenTime()
	}
	took := (d.now - uint64(token(a.Token).serial())) & serialMax
	d.counters.encode.Observe(time.Duration(took) * time.Microsecond)
}
