package config

import (
	"fmt"
	"strings"
)

// Layer is a source of values, in ascending order of precedence.
type Layer int

// The layers. Automatic is a default that depends on the machine.
const (
	Default Layer = iota
	Automatic
	Dev
	File
	Env
	Flag
)

// Source is the source of a value.
type Source struct {
	Layer Layer
	Where string // the file as "edge.yaml:3", the variable or the flag; "" for defaults
}

// String returns the source as it is printed: "edge.yaml:3", "THRONG_LISTEN", "--listen", "default".
func (s Source) String() string {
	switch s.Layer {
	case Default:
		return "default"
	case Automatic:
		return "automatic"
	case Dev:
		return "--dev"
	}
	return s.Where
}

// place is the file and line, or the variable or flag.
func (s Source) place() string { return s.String() }

// name is the key as its source spells it, for errors.
func (s Source) name(key string) string {
	switch s.Layer {
	case File:
		return fmt.Sprintf("%s: %s", s.Where, key)
	case Env, Flag:
		return s.Where
	}
	return key
}

// FlagName is the flag of a top-level key: max_message is --max-message.
func FlagName(key string) string { return "--" + strings.ReplaceAll(key, "_", "-") }

const envPrefix = "THRONG_"

// EnvName is the environment variable of a key.
func EnvName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
