package config

import (
	"maps"
	"slices"
)

// Fault is a part of the configuration that stays as it was, and why.
type Fault struct {
	Part string // "rooms", "tls", "channel", ...
	Err  error  // a [*clierr.Error]
}

// Change is a reload that was worked out and not yet carried out.
type Change struct {
	*Loaded          // what is to hold: the parts that are right, and what was
	Taken   []string // keys that change
	Fixed   []string // keys that differ and need a restart
	Refused []Fault

	was *Loaded
}

// Reload reads the layers again, and works out what of them can hold instead of
// l, which is resolved and is not changed. A part with a mistake, or one that
// does not go with what needs a restart, stays as it was. What cannot be read at
// all, and a key that there is not, since it may be a misspelt one of any part,
// is an error. maxConns is what this machine allows for max_connections.
func (l *Loaded) Reload(in Layers, maxConns int) (*Change, error) {
	c := &Change{was: l}
	next, err := in.again(l, func(part string, err error) { c.note(part, err) })
	if err != nil {
		return nil, err
	}
	for _, f := range c.Refused {
		next.keep(l, f.Part)
	}
	if l.Dev {
		next.completeDev()
	}
	for {
		err := c.workOut(next, maxConns)
		if err == nil {
			return c, nil
		}
		part := partOfError(err)
		if !c.note(part, err) {
			return nil, err
		}
		next.keep(l, part)
	}
}

// note keeps the first error of each part. It returns false for one that does
// not help: about no part, or about one that is already as it was.
func (c *Change) note(part string, err error) bool {
	if part == "" || slices.ContainsFunc(c.Refused, func(f Fault) bool { return f.Part == part }) {
		return false
	}
	c.Refused = append(c.Refused, Fault{part, err})
	return true
}

// workOut joins next with what needs a restart. Both must be right: next in
// itself, and the mixture.
func (c *Change) workOut(next *Loaded, maxConns int) error {
	if err := next.validate(); err != nil {
		return err
	}
	if err := c.was.checkDataFormats(next); err != nil {
		return err
	}
	resolved := *next
	resolved.sources = maps.Clone(next.sources)
	resolved.Resolve(maxConns)
	c.Loaded, c.Taken, c.Fixed = c.was.With(&resolved)
	return c.validate()
}

// Refuse leaves one more part as it was.
func (c *Change) Refuse(part string, err error) {
	if !c.note(part, err) {
		return
	}
	c.keep(c.was, part)
	c.Taken = slices.DeleteFunc(c.Taken, func(key string) bool { return partOf(key) == part })
}

// again applies the layers as apply does, whether --dev is one of them as in
// was. An error in a part is told to fault, and the others are read on.
func (in Layers) again(was *Loaded, fault func(part string, err error)) (*Loaded, error) {
	l := &Loaded{sources: map[string]Source{}, File: in.file(), fault: fault}
	return l, in.applyTo(l, was.Dev)
}

// tolerate tells an error in a key of the file, where parts are read by themselves.
func (l *Loaded) tolerate(path, key string, err error) error {
	if err == nil || l.fault == nil || path != "" || isTooLarge(err) {
		return err
	}
	l.fault(partOf(key), err)
	return nil
}
