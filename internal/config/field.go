package config

import (
	"reflect"
	"strings"
)

// field is one key of a struct of the configuration.
type field struct {
	key    string // as in the file, without the path
	value  reflect.Value
	def    string
	help   string
	secret bool
	live   bool // can be changed while the server runs
}

// fields lists the keys of the struct v in the order of its source, the keys
// of an inlined struct among them.
func fields(v reflect.Value) []field {
	var fs []field
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		key, option, _ := strings.Cut(tag.Get("yaml"), ",")
		if option == "inline" {
			fs = append(fs, fields(v.Field(i))...)
			continue
		}
		fs = append(fs, field{
			key: key, value: v.Field(i), def: tag.Get("default"), help: tag.Get("help"),
			secret: tag.Get("secret") != "", live: tag.Get("live") != "",
		})
	}
	return fs
}

// nested reports whether the value has keys below it.
func (f field) nested() bool { return f.value.Kind() == reflect.Struct }

// walk visits every key of v that has a value of its own; path is dotted.
func walk(v reflect.Value, prefix string, visit func(path string, f field)) {
	for _, f := range fields(v) {
		if f.nested() {
			walk(f.value, prefix+f.key+".", visit)
			continue
		}
		visit(prefix+f.key, f)
	}
}

// keys lists the dotted names of all keys, those of a namespace included.
func keys() []string {
	var names []string
	add := func(path string, _ field) { names = append(names, path) }
	walk(reflect.ValueOf(Config{}), "", add)
	walk(reflect.ValueOf(Namespace{}), "channel.namespaces.", add)
	return names
}
