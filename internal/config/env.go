package config

import (
	"reflect"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/throngd/throng/internal/clierr"
)

// ConfigEnv names the configuration file, as --config does.
const ConfigEnv = envPrefix + "CONFIG"

// applyEnv applies the THRONG_* variables among environ ("NAME=value").
func (l *Loaded) applyEnv(environ []string) error {
	vars := throngVars(environ)
	delete(vars, ConfigEnv)
	var failed error
	walk(reflect.ValueOf(&l.Config).Elem(), "", func(path string, f field) {
		name := EnvName(path)
		text, ok := vars[name]
		delete(vars, name)
		if !ok || failed != nil {
			return
		}
		failed = l.assignEnv(path, f, name, text)
	})
	if failed != nil {
		return failed
	}
	return unknownVars(vars)
}

func (l *Loaded) assignEnv(path string, f field, name, text string) error {
	src := Source{Env, name}
	if _, list := f.value.Interface().([]Namespace); list {
		return l.namespacesEnv(path, f, src, text)
	}
	if err := assign(f.value, text); err != nil {
		return clierr.Usagef(name+": "+f.help, "%s: %v", name, err)
	}
	l.sources[path] = src
	return nil
}

// namespacesEnv reads the list of namespaces from YAML or JSON in a variable.
func (l *Loaded) namespacesEnv(path string, f field, src Source, text string) error {
	doc, err := parseYAML([]byte(text))
	if err != nil || doc == nil {
		return clierr.Usagef(`write it as JSON: [{"name":"chat","presence":true}]`, "%s: not a list of namespaces", src.Where)
	}
	r := &reader{loaded: l, where: func(*yaml.Node) Source { return src }}
	return r.node(f.value, doc, path)
}

func unknownVars(vars map[string]string) error {
	var names []string
	for name := range vars {
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil
	}
	sort.Strings(names) // the same one every time
	var known []string
	walk(reflect.ValueOf(Config{}), "", func(path string, _ field) { known = append(known, EnvName(path)) })
	return clierr.Usagef(suggest(names[0], known, "throng config lists all settings; the variable of a key is THRONG_ and its name"),
		"unknown environment variable %s", names[0])
}

// serviceLink matches the variables that Kubernetes sets in every pod for a service named throng.
var serviceLink = regexp.MustCompile(`^THRONG(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP)(_(ADDR|PORT|PROTO))?)?)$`)

func throngVars(environ []string) map[string]string {
	vars := map[string]string{}
	kubernetes := false
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		kubernetes = kubernetes || name == "KUBERNETES_SERVICE_HOST"
		if strings.HasPrefix(name, envPrefix) {
			vars[name] = value
		}
	}
	for name := range vars {
		if kubernetes && serviceLink.MatchString(name) {
			delete(vars, name)
		}
	}
	return vars
}
