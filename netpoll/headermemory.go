//go:build !windows

package netpoll

import (
	"math/bits"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/throngd/throng/netpoll/upgrade"
)

// headerMemory is the memory of the requests that have arrived in part, of all connections of a server together. A request
// that arrives in one piece needs none.
//
// Buffers grow in powers of two, from 512 bytes, and are used again. The size of one buffer is bounded by the memory that
// is left (the dynamic threshold of switch buffers): while less than half of the limit is used a request may have the
// longest header, beyond that less and less. So connections that keep long parts of requests get 503 before the short
// requests of others do.
type headerMemory struct {
	limit   int64
	longest int64 // Server.MaxHeader
	used    atomic.Int64
	free    [32]sync.Pool // of *[]byte, by the power of two
}

const minHeaderBits = 9

// append is the built-in append within the limit. It returns false if the limit does not allow it; b
// is as it was then.
func (m *headerMemory) append(b, piece []byte) ([]byte, bool) {
	need := len(b) + len(piece)
	if need <= cap(b) {
		return append(b, piece...), true
	}
	class := max(minHeaderBits, bits.Len(uint(need-1)))
	more := int64(1)<<class - int64(cap(b))
	// Bytes beyond the longest header stay for this turn only.
	if used := m.used.Add(more); min(int64(1)<<class, m.longest) > m.share(used-more) {
		m.used.Add(-more)
		return b, false
	}
	grown := append(append(m.get(class), b...), piece...)
	m.put(b)
	return grown, true
}

// share is the memory that one request may have.
func (m *headerMemory) share(used int64) int64 {
	left := max(0, m.limit-used)
	return int64(float64(2*m.longest) * float64(left) / float64(m.limit))
}

func (m *headerMemory) get(class int) []byte {
	if p, ok := m.free[class].Get().(*[]byte); ok {
		return (*p)[:0]
	}
	return make([]byte, 0, 1<<class)
}

func (m *headerMemory) put(b []byte) {
	if cap(b) > 0 {
		m.free[bits.Len(uint(cap(b)-1))].Put(&b)
	}
}

// release gives a buffer back that append has made, if there is one.
func (m *headerMemory) release(b []byte) {
	if cap(b) > 0 {
		m.used.Add(-int64(cap(b)))
		m.put(b)
	}
}

// keep appends b to the part of c's header that has arrived. If the memory does not allow it c is refused.
func (l *Loop) keep(c *Conn, b []byte) bool {
	r, ok := c.rare(), false
	if r.header, ok = l.engine.headers.append(r.header, b); ok {
		return true
	}
	l.counters.limits.headerMemory.Add(1)
	const why = "too many requests are incomplete"
	if c.row().raw {
		c.fail(cause(why))
	} else {
		l.refuse(c, &Reject{
			Status: http.StatusServiceUnavailable, Cause: upgrade.CauseOverload,
			Reason: why, Header: retryAfter("1"),
		})
	}
	return false
}

// takeHeader returns the bytes that keep has kept. The caller releases them.
func (c *Conn) takeHeader() (header []byte) {
	if c.aux != nil {
		header, c.aux.header = c.aux.header, nil
	}
	return header
}
