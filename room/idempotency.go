package room

import (
	"encoding/binary"
	"hash/maphash"
	"sync/atomic"
	"time"
)

// window remembers the idempotency keys of a shard's rooms: for a time, and no
// more than a number of them (the oldest go first). Keys are kept as 128 bits
// of two seeded hashes, so that a long key costs what a short one does.
type window struct {
	ttl   time.Duration
	max   int
	met   *atomic.Int64 // counts the keys that max has cost
	seeds [2]maphash.Seed
	keys  map[idKey]firstPublish
	most  peak // of keys
	order queue[keyAge]
}

type idKey [2]uint64

// firstPublish is the publish that used a key first.
type firstPublish struct {
	token uint64 // its wait, while it is in flight; then 0
	pos   Position
	at    time.Duration
}

type keyAge struct {
	key idKey
	at  time.Duration
}

func newWindow(ttl time.Duration, limit int, met *atomic.Int64) window {
	return window{
		ttl: ttl, max: max(limit, 1), met: met,
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		keys:  make(map[idKey]firstPublish),
	}
}

// key is never zero for a publish that has one. own is its ownKey.
func (w *window) key(room, own string) (k idKey) {
	if own == "" {
		return k
	}
	for i := range k {
		var h maphash.Hash
		h.SetSeed(w.seeds[i])
		h.WriteString(room)
		h.WriteByte(byte(len(room))) // where the name ends
		h.WriteByte(byte(len(room) >> 8))
		h.WriteString(own)
		k[i] = h.Sum64() | 1
	}
	return k
}

// Publishers whose keys are apart.
const (
	ofServer = iota // a publish without From
	ofUser
	ofClient // anonymous: there is nothing else to know it by
)

// ownKey is the idempotency key of a publish together with its publisher: the
// user, or the connection while it is anonymous. Otherwise a client could hold
// back the message of another by using its key first. Empty without a key.
func (c *Command) ownKey() string {
	if c.IdempotencyKey == "" {
		return ""
	}
	own := make([]byte, 0, 24+len(c.IdempotencyKey))
	switch from := c.From; {
	case from == nil:
		own = append(own, ofServer)
	case from.User != "":
		own = binary.AppendUvarint(append(own, ofUser), uint64(len(from.User)))
		own = append(own, from.User...)
	default:
		own = append(append(own, ofClient), from.Client[:]...)
	}
	return string(append(own, c.IdempotencyKey...))
}

func (w *window) len() int { return w.order.len() }

func (w *window) find(k idKey, now time.Duration) (firstPublish, bool) {
	f, ok := w.keys[k]
	return f, ok && (f.token != 0 || now-f.at < w.ttl)
}

// begin remembers that the publish of a wait uses k.
func (w *window) begin(k idKey, token uint64, now time.Duration) {
	for w.order.len() >= w.max {
		if now-w.order.first().at < w.ttl {
			w.met.Add(1)
		}
		w.drop()
	}
	w.keys[k] = firstPublish{token: token, at: now}
	w.order.push(keyAge{k, now})
}

// stored and failed end what begin began, unless k was dropped meanwhile.
func (w *window) stored(k idKey, token uint64, pos Position) {
	if k == (idKey{}) {
		return // the hot path
	}
	if f, ok := w.keys[k]; ok && f.token == token {
		f.token, f.pos = 0, pos
		w.keys[k] = f
	}
}

func (w *window) failed(k idKey, token uint64) {
	if f, ok := w.keys[k]; ok && f.token == token {
		remove(&w.keys, &w.most, k)
	}
}

// drop forgets the oldest key.
func (w *window) drop() {
	a := w.order.pop()
	if f, ok := w.keys[a.key]; ok && f.at == a.at { // else it was used again since
		remove(&w.keys, &w.most, a.key)
	}
}

const sweepKeys = 1024

// sweep drops expired keys, a bounded number; true: there may be more.
func (w *window) sweep(now time.Duration) bool {
	for range sweepKeys {
		if w.order.len() == 0 || now-w.order.first().at < w.ttl {
			return false
		}
		w.drop()
	}
	return true
}
