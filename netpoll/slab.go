//go:build !windows

package netpoll

import "sync/atomic"

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

// slab holds the connections of a server by value, indexed by descriptor: an idle connection
// is one slot and nothing else for the garbage collector to visit. Chunks are made on first
// use and stay.
//
// A slot belongs to the loop named in its word 0. Whoever accepts a descriptor owns the slot
// from the moment the kernel handed out the number, since the previous owner gave the number
// back (close) as its very last touch.
type slab struct {
	chunks []atomic.Pointer[[chunkSize]Conn]
}

func newSlab(maxFD int) *slab {
	return &slab{chunks: make([]atomic.Pointer[[chunkSize]Conn], maxFD>>chunkBits+1)}
}

// slot returns the slot of fd, or nil if fd is beyond the slab. Any goroutine may call it;
// without having checked the owner only word 0 may be touched.
func (s *slab) slot(fd int) *Conn {
	if fd < 0 || fd>>chunkBits >= len(s.chunks) {
		return nil
	}
	p := s.chunks[fd>>chunkBits].Load()
	if p == nil {
		p = new([chunkSize]Conn)
		if !s.chunks[fd>>chunkBits].CompareAndSwap(nil, p) {
			p = s.chunks[fd>>chunkBits].Load()
		}
	}
	return &p[fd&(chunkSize-1)]
}

// each calls f for every slot that belongs to l. f may close the connection.
func (s *slab) each(l *Loop, f func(*Conn)) {
	for i := range s.chunks {
		p := s.chunks[i].Load()
		if p == nil {
			continue
		}
		for j := range p {
			if c := &p[j]; owner(c.owner.Load()).ownedBy(l) {
				f(c)
			}
		}
	}
}
