//go:build linux

package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

type named interface{ name() string }

// names are those of the list as they are given in flags: with / for spaces.
func names[T named](list []T) (out []string) {
	for _, item := range list {
		out = append(out, strings.ReplaceAll(item.name(), " ", "/"))
	}
	return out
}

// pick narrows servers and works to those that only names (a * stands for anything) and
// skip does not. Names of one of the two leave the other one whole.
func pick(servers []server, works []work, only, skip string) ([]server, []work, error) {
	for _, pattern := range patterns(only + "," + skip) {
		if !slices.ContainsFunc(append(names(servers), names(works)...), func(n string) bool { return matches(pattern, n) }) {
			return nil, nil, fmt.Errorf("nothing is named %q: servers %s; works %s", pattern, strings.Join(names(servers), " "), strings.Join(names(works), " "))
		}
	}
	some, todo := narrowed(servers, only, skip), narrowed(works, only, skip)
	if len(some) == 0 || len(todo) == 0 {
		return nil, nil, fmt.Errorf("--only %q --skip %q leave nothing to measure", only, skip)
	}
	return some, todo, nil
}

func narrowed[T named](list []T, only, skip string) (out []T) {
	named := func(patterns []string, item T) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, names([]T{item})[0]) })
	}
	wanted := slices.DeleteFunc(patterns(only), func(p string) bool {
		return !slices.ContainsFunc(names(list), func(n string) bool { return matches(p, n) })
	})
	for _, item := range list {
		if (len(wanted) == 0 || named(wanted, item)) && !named(patterns(skip), item) {
			out = append(out, item)
		}
	}
	return out
}

func patterns(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(p string) bool { return p == "" })
}

// matches is path.Match in which * may stand for a / too.
func matches(pattern, name string) bool {
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", " "), strings.ReplaceAll(name, "/", " "))
	return ok
}
