//go:build !windows

package netpoll

// Handle names a connection: its descriptor and the generation of its slot. It may be kept anywhere, for any time: an
// operation on the handle of a connection that is gone does nothing. The zero Handle names no connection.
type Handle uint64

func makeHandle(fd int32, gen uint32) Handle { return Handle(uint64(uint32(fd))<<32 | uint64(gen)) }

func (h Handle) fd() int     { return int(h >> 32) }
func (h Handle) gen() uint32 { return uint32(h) }

// owner is word 0 of a slot: generation<<32 | loop+1. A zero lower half means that the slot
// is free. It is the only word that another loop may read.
type owner uint64

func makeOwner(gen uint32, loop int) owner { return owner(uint64(gen)<<32 | uint64(loop+1)) }

func (o owner) gen() uint32          { return uint32(o >> 32) }
func (o owner) ownedBy(l *Loop) bool { return uint32(o) == uint32(l.index+1) }

// Conn returns the connection that h names, or nil if it is gone or belongs to another loop. Only functions that run on
// l may call it, and they must not keep the result.
func (l *Loop) Conn(h Handle) *Conn { return l.lookup(h) }
