package config

import (
	"maps"
	"slices"
)

// Fault is a part of the configuration that a reload does not change, and the reason.
type Fault struct {
	Part string // "rooms", "tls", "channel", ...
	Err  error  // a [*clierr.Error]
}

// Change is the result of Reload, which is not applied yet.
type Change struct {
	*Loaded          // the configuration to use: valid parts are replaced, the others are as before
	Taken   []string // keys that change
	Fixed   []string // keys that differ and need a restart
	Refused []Fault

	was *Loaded
}

// Reload reads the layers again and computes what can replace l, which must be resolved and is not changed. A part with a
// mistake, or one that conflicts with a setting that needs a restart, is not replaced. A file that cannot be read and an
// unknown key, which may be a misspelt key of any part, are errors. maxConns is the max_connections that this machine allows.
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

// note keeps the first error of each part. It returns false for an error that is about no part, or about one that is not
// replaced already.
func (c *Change) note(part string, err error) bool {
	if part == "" || slices.ContainsFunc(c.Refused, func(f Fault) bool { return f.Part == part }) {
		return false
	}
	c.Refused = append(c.Refused, Fault{part, err})
	return true
}

// workOut combines next with the settings that need a restart. Both next and the combination must be valid.
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

// Refuse excludes one more part from the change.
func (c *Change) Refuse(part string, err error) {
	if !c.note(part, err) {
		return
	}
	c.keep(c.was, part)
	c.Taken = slices.DeleteFunc(c.Taken, func(key string) bool { return partOf(key) == part })
}

// again applies the layers like apply, with --dev if was has it. An error in a part is passed to fault, and the other parts
// are read.
func (in Layers) again(was *Loaded, fault func(part string, err error)) (*Loaded, error) {
	l := &Loaded{sources: map[string]Source{}, File: in.file(), fault: fault}
	return l, in.applyTo(l, was.Dev)
}

// tolerate passes an error in a key of the file to fault, if parts are read one by one.
func (l *Loaded) tolerate(path, key string, err error) error {
	if err == nil || l.fault == nil || path != "" || isTooLarge(err) {
		return err
	}
	l.fault(partOf(key), err)
	return nil
}
