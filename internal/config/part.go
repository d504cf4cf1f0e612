package config

import (
	"errors"
	"reflect"
	"strings"
)

// A reload replaces a part of the configuration as a whole or not at all. The parts are the groups of flags (listeners, tls,
// rooms, overload and so on), client, and channel with all its namespaces.

// partOf returns the part of a key at any depth; "" for none.
func partOf(key string) string {
	root := key
	if i := strings.IndexAny(key, ".["); i >= 0 {
		root = key[:i]
	}
	for i := range reflect.TypeFor[Config]().NumField() {
		f := reflect.TypeFor[Config]().Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != root {
			continue
		}
		if group := f.Tag.Get("group"); group != "" {
			return strings.ToLower(group)
		}
		return root
	}
	return ""
}

// keyError is an error about one key.
type keyError struct {
	key string
	error
}

func (e *keyError) Unwrap() error { return e.error }

// partOfError returns the part that an error is about; "" for the whole file.
func partOfError(err error) string {
	var e *keyError
	if errors.As(err, &e) {
		return partOf(e.key)
	}
	return ""
}

// keep restores the values of a part from was.
func (l *Loaded) keep(was *Loaded, part string) {
	old := fields(reflect.ValueOf(&was.Config).Elem())
	for i, f := range fields(reflect.ValueOf(&l.Config).Elem()) {
		if partOf(f.key) == part {
			f.value.Set(old[i].value)
			l.takeSources(f.key, was)
		}
	}
}
