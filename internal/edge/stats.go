package edge

import (
	"sync/atomic"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/durations"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/netpoll"
)

// counters are those of one loop. They are atomics almost without contention: mostly the loop itself counts.
type counters struct {
	opened, connected, gone                      atomic.Int64
	commands                                     atomic.Int64
	errors                                       [numErrorCodes]atomic.Int64
	slow, silent, stale, badRequest, disconnects atomic.Int64
	insufficient, limited, flooded, userLimit    atomic.Int64
	rooms, userRate, busy, dropped, waiting      atomic.Int64
	longNames, limitedBytes, backlog             atomic.Int64
	encode                                       durations.Recorder
}

// The error codes of the protocol are counted one by one. The last element counts all other codes, of which applications
// may have any number.
const (
	firstErrorCode = 100
	numErrorCodes  = 17
)

// refused counts a command that was answered with an error.
func (n *counters) refused(code uint32) {
	n.errors[min(code-firstErrorCode, numErrorCodes-1)].Add(1) // a lower code wraps around to a large one
}

func (n *counters) closed(code frame.CloseCode) {
	n.gone.Add(1)
	switch uint16(code) {
	case protocol.DisconnectSlow.Code:
		n.slow.Add(1)
	case protocol.DisconnectNoPong.Code:
		n.silent.Add(1)
	case protocol.DisconnectBadRequest.Code:
		n.badRequest.Add(1)
	}
	if code >= 3000 {
		n.disconnects.Add(1)
	}
}

// Stats are sums over the loops since the start, except for Sessions.
type Stats struct {
	Sessions     int64 // open connections now that speak the protocol
	Opened       int64 // upgrades
	Connected    int64 // connect commands that were accepted
	Commands     int64
	Errors       int64            // commands that were answered with an error
	ErrorCodes   map[uint32]int64 // the same by code: each code of the protocol, and 0 for all others
	Disconnects  int64            // closes with a code of the protocol, of which:
	Slow         int64            // 3008
	Silent       int64            // 3012
	Stale        int64            // 3502: no connect command in time
	BadRequest   int64            // 3501
	Flooded      int64            // 3013: continued above CommandsPerSecond or BytesPerSecond
	UserLimit    int64            // 3504: above UserConnections
	UserRate     int64            // connect commands answered with 111: above UserRate
	Insufficient int64            // memberships ended with 2500
	Dropped      int64            // messages that members of rooms with slow_consumer: drop have missed
	Limited      int64            // commands above CommandsPerSecond, and messages without a command
	LimitedBytes int64            // messages above BytesPerSecond
	RoomRate     int64            // commands answered with 111: above RoomRate
	RoomLimit    int64            // subscribes above MaxRooms
	WaitingLimit int64            // commands above WaitingCommands
	LongNames    int64            // commands with a longer name than Channel.MaxLength
	BacklogLimit int64            // publishes answered with 111: the connection had a backlog while all backlogs took much memory
	Busy         int64            // commands answered with 111: a loop was above LoopMailbox

	Encode netpoll.Histogram // from a publish command to its encoded push
}

// Stats may be called by any goroutine.
func (e *Edge) Stats() (st Stats) {
	st.RoomRate = e.roomsRefused.Load()
	var errors [numErrorCodes]int64
	for _, l := range e.loops {
		n := &l.counters
		st.Opened += n.opened.Load()
		st.Sessions += n.opened.Load() - n.gone.Load()
		st.Connected += n.connected.Load()
		st.Commands += n.commands.Load()
		for i := range n.errors {
			errors[i] += n.errors[i].Load()
		}
		st.Disconnects += n.disconnects.Load()
		st.Slow += n.slow.Load()
		st.Silent += n.silent.Load()
		st.Stale += n.stale.Load()
		st.BadRequest += n.badRequest.Load()
		st.Insufficient += n.insufficient.Load()
		st.Dropped += n.dropped.Load()
		st.UserLimit += n.userLimit.Load()
		st.UserRate += n.userRate.Load()
		st.RoomLimit += n.rooms.Load()
		st.WaitingLimit += n.waiting.Load()
		st.LongNames += n.longNames.Load()
		st.BacklogLimit += n.backlog.Load()
		st.Busy += n.busy.Load()
		st.Limited += n.limited.Load()
		st.LimitedBytes += n.limitedBytes.Load()
		st.Flooded += n.flooded.Load()
		st.Encode.Add(netpoll.Histogram(n.encode.Snapshot()))
	}
	st.ErrorCodes = map[uint32]int64{}
	for _, e := range protocol.Errors() {
		st.ErrorCodes[e.Code] = 0
	}
	for i, count := range errors {
		code := uint32(firstErrorCode + i)
		if _, known := st.ErrorCodes[code]; !known {
			code = 0
		}
		st.ErrorCodes[code] += count
		st.Errors += count
	}
	return st
}
