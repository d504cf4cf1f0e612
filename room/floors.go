package room

// floors are the highest offsets that forgotten rooms may have had, by options:
// rooms of one namespace keep their messages equally long, so a room without
// history must not spoil the recovery of one with.
type floors struct {
	by  map[*Options]uint64
	all uint64 // the highest of them
}

// floorsMax bounds the options that are told apart; beyond it there is one
// floor for all, which is safe.
const floorsMax = 64

// of returns the floor of o. Options not seen before may be a namespace's new
// ones, whose rooms were forgotten under the old: they begin with the highest.
func (f *floors) of(o *Options) uint64 {
	if v, ok := f.by[o]; ok {
		return v
	}
	if f.by == nil {
		f.by = make(map[*Options]uint64)
	}
	if len(f.by) < floorsMax {
		f.by[o] = f.all
	}
	return f.all
}

// raise notes that a room of o is forgotten whose highest evicted offset is v.
func (f *floors) raise(o *Options, v uint64) {
	old := f.of(o)
	if _, ok := f.by[o]; ok {
		f.by[o] = max(old, v)
	}
	f.all = max(f.all, v)
}
