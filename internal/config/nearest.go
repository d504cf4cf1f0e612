package config

import (
	"reflect"
	"regexp"
	"strings"
)

// suggest returns a hint with the known name that is most similar to an unknown one, or otherwise.
func suggest(name string, known []string, otherwise string) string {
	name = stripIndex(name)
	best, bestCost := "", 1+len(name)/3 // a greater distance is no likely misspelling
	for _, k := range known {
		if c := distance(canonical(name), canonical(k)); c < bestCost || (best == "" && c == bestCost) {
			best, bestCost = k, c
		}
	}
	if best == "" {
		best = sameLeaf(name, known)
	}
	if best == "" {
		return otherwise
	}
	if parent(best) == parent(name) {
		best = leaf(best)
	}
	return "did you mean " + best + "? " + otherwise
}

// sameLeaf finds a key with the same last part, as for websocket.compression.
func sameLeaf(name string, known []string) string {
	for _, k := range known {
		if leaf(k) == leaf(canonical(name)) {
			return k
		}
	}
	return ""
}

// canonical converts the spelling of flags and variables to that of keys.
func canonical(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }

func leaf(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

func parent(key string) string { return strings.TrimSuffix(key, leaf(key)) }

var index = regexp.MustCompile(`\[\d+\]`)

func stripIndex(path string) string { return index.ReplaceAllString(path, "") }

// helpOf is the help line of a key, "" if it has none.
func helpOf(path string) (help string) {
	path = stripIndex(path)
	find := func(p string, f field) {
		if p == path {
			help = f.help
		}
	}
	walk(reflect.ValueOf(&Config{}).Elem(), "", find)
	walk(reflect.ValueOf(&Namespace{}).Elem(), "channel.namespaces.", find)
	return help
}

// distance is the Levenshtein distance of a and b in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
