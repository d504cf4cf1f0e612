package room

import (
	"encoding/binary"
	"hash/maphash"
	"sync/atomic"
	"time"
)

// keyWindow has the idempotency keys of a shard's rooms: those of the last
// Config.IdempotencyWindow, and at most a number of them (the oldest are evicted).
// A key is kept as 128 bits of two seeded hashes, so a long one takes no more
// memory than a short one.
type keyWindow struct {
	ttl     time.Duration
	max     int
	evicted *atomic.Int64 // counts the keys evicted because of max
	seeds   [2]maphash.Seed
	keys    map[idKey]firstPublish
	peak    peak // of keys
	order   queue[keyAge]
}

type idKey [2]uint64

// firstPublish is the publish that used a key first.
type firstPublish struct {
	token uint64 // of its wait while it is in flight, then 0
	pos   Position
	at    time.Duration
}

type keyAge struct {
	key idKey
	at  time.Duration
}

func newKeyWindow(ttl time.Duration, limit int, evicted *atomic.Int64) keyWindow {
	return keyWindow{
		ttl: ttl, max: max(limit, 1), evicted: evicted,
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		keys:  make(map[idKey]firstPublish),
	}
}

// key returns the hash of a room and a publish's ownKey, zero without a key.
func (w *keyWindow) key(room, own string) (k idKey) {
	if own == "" {
		return k
	}
	for i := range k {
		var h maphash.Hash
		h.SetSeed(w.seeds[i])
		h.WriteString(room)
		h.WriteByte(byte(len(room))) // marks the end of the name
		h.WriteByte(byte(len(room) >> 8))
		h.WriteString(own)
		k[i] = h.Sum64() | 1
	}
	return k
}

// Kinds of publishers, which keep their keys apart.
const (
	ofServer = iota // a publish without From
	ofUser
	ofClient // anonymous
)

// ownKey is the idempotency key of a publish together with its publisher: the
// user, or the connection while it is anonymous. Otherwise a client could
// suppress another one's message by using its key first. It is empty without a
// key.
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

func (w *keyWindow) len() int { return w.order.len() }

func (w *keyWindow) find(k idKey, now time.Duration) (firstPublish, bool) {
	f, ok := w.keys[k]
	return f, ok && (f.token != 0 || now-f.at < w.ttl)
}

// begin notes that the publish of a wait uses k.
func (w *keyWindow) begin(k idKey, token uint64, now time.Duration) {
	for w.order.len() >= w.max {
		if now-w.order.first().at < w.ttl {
			w.evicted.Add(1)
		}
		w.dropOldest()
	}
	w.keys[k] = firstPublish{token: token, at: now}
	w.order.push(keyAge{k, now})
}

// stored and failed end what begin began, unless k was evicted meanwhile.
func (w *keyWindow) stored(k idKey, token uint64, pos Position) {
	if k == (idKey{}) {
		return // the hot path
	}
	if f, ok := w.keys[k]; ok && f.token == token {
		f.token, f.pos = 0, pos
		w.keys[k] = f
	}
}

func (w *keyWindow) failed(k idKey, token uint64) {
	if f, ok := w.keys[k]; ok && f.token == token {
		deleteShrinking(&w.keys, &w.peak, k)
	}
}

// dropOldest drops the oldest key, unless it was used again later.
func (w *keyWindow) dropOldest() {
	a := w.order.pop()
	if f, ok := w.keys[a.key]; ok && f.at == a.at {
		deleteShrinking(&w.keys, &w.peak, a.key)
	}
}

// maxSweepKeys bounds the keys that one sweep drops.
const maxSweepKeys = 1024

// sweep drops expired keys. It reports whether there may be more of them.
func (w *keyWindow) sweep(now time.Duration) (more bool) {
	for range maxSweepKeys {
		if w.order.len() == 0 || now-w.order.first().at < w.ttl {
			return false
		}
		w.dropOldest()
	}
	return true
}
