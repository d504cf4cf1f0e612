package config

import (
	"os"
	"reflect"
)

// Layers are the sources that [Load] reads, besides the defaults.
type Layers struct {
	File  string         // path of the YAML file; "" takes THRONG_CONFIG, and none if that is empty
	Env   []string       // as os.Environ
	Flags map[string]any // key of the file -> value of the field's type, for the flags that were given
}

// Loaded is a validated configuration with the sources of its values.
type Loaded struct {
	Config
	File    string // the file that was read, "" if none
	sources map[string]Source
	formats map[string]string            // see dataFormats
	fault   func(part string, err error) // only in a reload: receives the errors in parts
}

// Source returns the source of the value of a key, as "client.allow_anonymous_connect_without_token".
func (l *Loaded) Source(key string) Source { return l.sources[key] }

// Load applies the layers, the weakest first, and validates the result.
// Errors are [*clierr.Error] with a hint, and mistakes of usage.
func Load(in Layers) (*Loaded, error) {
	l, err := in.apply(false)
	if err == nil && l.Dev {
		l, err = in.apply(true)
	}
	if err != nil {
		return nil, err
	}
	if l.Dev {
		l.completeDev()
	}
	return l, l.validate()
}

// apply builds the configuration. dev says whether --dev is one of the layers, which is known only after the others were
// read.
func (in Layers) apply(dev bool) (*Loaded, error) {
	l := &Loaded{sources: map[string]Source{}, File: in.file()}
	if err := in.applyTo(l, dev); err != nil {
		return nil, err
	}
	return l, nil
}

func (in Layers) applyTo(l *Loaded, dev bool) error {
	l.applyDefaults()
	if dev {
		l.applyDev()
	}
	if l.File != "" {
		if err := l.readFile(l.File); err != nil {
			return err
		}
	}
	if err := l.applyEnv(in.Env); err != nil {
		return err
	}
	l.applyFlags(in.Flags)
	return nil
}

func (in Layers) file() string {
	if in.File != "" {
		return in.File
	}
	return throngVars(in.Env)[ConfigEnv]
}

func (l *Loaded) applyDefaults() {
	walk(reflect.ValueOf(&l.Config).Elem(), "", func(path string, f field) {
		if f.def == "" {
			return
		}
		if err := assign(f.value, f.def); err != nil {
			panic("config: default of " + path + ": " + err.Error())
		}
	})
}

func (l *Loaded) applyFlags(flags map[string]any) {
	for _, f := range fields(reflect.ValueOf(&l.Config).Elem()) {
		if v, ok := flags[f.key]; ok {
			f.value.Set(reflect.ValueOf(v))
			l.sources[f.key] = Source{Flag, FlagName(f.key)}
		}
	}
}

// Resolve replaces the automatic values, see [Config.Resolve], and records their source.
func (l *Loaded) Resolve(maxConns int) {
	before := l.Config
	l.Config.Resolve(maxConns)
	was := fields(reflect.ValueOf(&before).Elem())
	for i, f := range fields(reflect.ValueOf(&l.Config).Elem()) {
		if !f.nested() && f.value.Comparable() && !f.value.Equal(was[i].value) {
			l.sources[f.key] = Source{Layer: Automatic}
		}
	}
}

// FromEnvironment returns the layers of the process's environment.
func FromEnvironment(file string, flags map[string]any) Layers {
	return Layers{File: file, Env: os.Environ(), Flags: flags}
}
