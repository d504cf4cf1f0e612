package config

import (
	"reflect"
	"strings"
)

// Take takes over from next what can change while a server runs, and lists the
// keys that changed: those that were taken, and those that were not because
// they need a restart. Both configurations must be resolved. l must not be in
// use by anybody meanwhile; what next had is shared afterwards.
func (l *Loaded) Take(next *Loaded) (taken, fixed []string) {
	was, now := fields(reflect.ValueOf(&l.Config).Elem()), fields(reflect.ValueOf(&next.Config).Elem())
	for i, f := range was {
		changed := differences(f, now[i])
		if !f.live {
			fixed = append(fixed, changed...)
			continue
		}
		taken = append(taken, changed...)
		f.value.Set(now[i].value)
		l.takeSources(f.key, next)
	}
	return taken, fixed
}

// differences are the keys at or below a top-level one whose values differ.
func differences(was, now field) (keys []string) {
	if !was.nested() {
		if !reflect.DeepEqual(was.value.Interface(), now.value.Interface()) {
			keys = append(keys, was.key)
		}
		return keys
	}
	values := map[string]any{}
	walk(was.value, was.key+".", func(path string, f field) { values[path] = f.value.Interface() })
	walk(now.value, was.key+".", func(path string, f field) {
		if !reflect.DeepEqual(values[path], f.value.Interface()) {
			keys = append(keys, path)
		}
	})
	return keys
}

// takeSources makes next's the sources of a key and all below it.
func (l *Loaded) takeSources(key string, next *Loaded) {
	below := func(path string) bool {
		rest, ok := strings.CutPrefix(path, key)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	for path := range l.sources {
		if below(path) {
			delete(l.sources, path)
		}
	}
	for path, source := range next.sources {
		if below(path) {
			l.sources[path] = source
		}
	}
}
