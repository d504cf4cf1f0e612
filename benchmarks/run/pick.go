//go:build linux

package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

type named interface{ server | workload }

// names returns the names in the list as flags contain them: with / for spaces.
func names[T named](list []T) (out []string) {
	for _, item := range list {
		name := ""
		switch v := any(item).(type) {
		case server:
			name = v.Name
		case workload:
			name = v.Name
		}
		out = append(out, strings.ReplaceAll(name, " ", "/"))
	}
	return out
}

// pick reduces servers and workloads to those that only names and skip does not. A * stands for
// anything. If only names no server, it selects all of them, and likewise for workloads.
func pick(servers []server, workloads []workload, only, skip string) ([]server, []workload, error) {
	for _, pattern := range patterns(only + "," + skip) {
		if !slices.ContainsFunc(append(names(servers), names(workloads)...), func(n string) bool { return matches(pattern, n) }) {
			return nil, nil, fmt.Errorf("nothing is named %q: servers %s; workloads %s", pattern, strings.Join(names(servers), " "), strings.Join(names(workloads), " "))
		}
	}
	some, todo := narrowed(servers, only, skip), narrowed(workloads, only, skip)
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

// matches is path.Match, but a * may also stand for a /.
func matches(pattern, name string) bool {
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", " "), strings.ReplaceAll(name, "/", " "))
	return ok
}
