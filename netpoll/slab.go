//go:build !windows

package netpoll

import "sync/atomic"

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

// slab holds connections by value, indexed by descriptor: an idle connection is one slot, and nothing else for the
// garbage collector to visit. Chunks are allocated on first use and stay.
//
// A slot belongs to the loop named in its word 0. The loop that gets a descriptor from the kernel owns its slot,
// because close(2) was the previous owner's last step with it. Between two loops (parcel.go) the slot is free and the
// descriptor is open.
type slab struct {
	chunks []atomic.Pointer[[chunkSize]Conn]
}

func newSlab(maxFD int) *slab {
	return &slab{chunks: make([]atomic.Pointer[[chunkSize]Conn], maxFD>>chunkBits+1)}
}

// slot returns the slot of fd, or nil if fd is beyond the slab. Any goroutine may call it; only the owner may touch
// more than word 0.
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
