package config

import (
	"maps"
	"reflect"
	"strings"
)

// With returns l with those values of next that can change while a server runs. It also returns the keys that differ: taken
// were replaced, fixed need a restart. Both configurations must be resolved; neither is changed.
func (l *Loaded) With(next *Loaded) (merged *Loaded, taken, fixed []string) {
	merged = &Loaded{Config: l.Config, File: next.File, sources: maps.Clone(l.sources), formats: l.dataFormats()}
	was, now := fields(reflect.ValueOf(&merged.Config).Elem()), fields(reflect.ValueOf(&next.Config).Elem())
	for i, f := range was {
		changed := differences(f, now[i])
		if !f.live || onOff(f, now[i]) {
			fixed = append(fixed, changed...)
			continue
		}
		taken = append(taken, changed...)
		f.value.Set(now[i].value)
		merged.takeSources(f.key, next)
	}
	return merged, taken, fixed
}

// onOff reports whether a setting is switched on or off that can only be changed at run time: TLS and the list of origins.
func onOff(was, now field) bool {
	switch was.key {
	case "tls_cert", "tls_key", "allowed_origins":
		return (was.value.Len() == 0) != (now.value.Len() == 0)
	}
	return false
}

// differences returns the keys at or below a top-level key whose values differ.
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

// takeSources copies the sources of a key, and of the keys below it, from next.
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
