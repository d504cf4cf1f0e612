package config

import (
	"errors"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/throngd/throng/internal/clierr"
)

// maxDepth ends an alias that contains itself.
const maxDepth = 32

// maxNodes bounds the nodes of a file after its aliases and merges are expanded: 15,000 namespaces with every option. A few
// lines of nested merges could otherwise expand without end.
const maxNodes = 1_000_000

// reader copies a YAML tree to the configuration. Unlike yaml.Decoder it reports the key and the line of every error, and
// records the source of each value.
type reader struct {
	loaded *Loaded
	where  func(*yaml.Node) Source
	depth  int
	nodes  int        // visited
	place  *yaml.Node // node of the file that is being expanded
}

// visit counts nodes against maxNodes.
func (r *reader) visit(path string, nodes int) error {
	if r.nodes += nodes; r.nodes > maxNodes {
		return tooLarge{clierr.Usagef("the content of *NAME and << is copied to each place that uses them: use fewer of them",
			"%s: the file has more than %d values once its aliases and merges are expanded", r.where(r.place).name(path), maxNodes)}
	}
	return nil
}

// tooLarge is the error of a file with more than maxNodes.
type tooLarge struct{ error }

func (e tooLarge) Unwrap() error { return e.error }

func isTooLarge(err error) bool {
	var e tooLarge
	return errors.As(err, &e)
}

func (r *reader) node(v reflect.Value, n *yaml.Node, path string) error {
	if r.depth++; r.depth > maxDepth {
		return r.errorf(n, path, "nested too deeply")
	}
	defer func() { r.depth-- }()
	n = resolveAlias(n)
	switch {
	case n.Tag == "!!null": // "channel:" with all its keys commented out
		return nil
	case v.Kind() == reflect.Struct:
		return r.mapping(v, n, path)
	case v.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		return r.list(v, n, path)
	case v.Type() == reflect.TypeFor[[]Namespace]():
		return r.errorf(n, path, "want a list of namespaces, each starting with \"- name:\"")
	case n.Kind != yaml.ScalarNode:
		return r.errorf(n, path, "want one value")
	}
	if err := assign(v, n.Value); err != nil {
		return r.errorf(n, path, "%v", err)
	}
	r.loaded.sources[path] = r.where(n)
	return nil
}

func (r *reader) mapping(v reflect.Value, n *yaml.Node, path string) error {
	if n.Kind != yaml.MappingNode {
		return r.errorf(n, path, "want keys with values, as \"key: value\"")
	}
	seen, known := map[string]bool{}, fields(v)
	r.place = n
	if err := r.visit(path, len(known)); err != nil {
		return err
	}
	return r.pairs(n, path, seen, func(key, value *yaml.Node) error {
		for _, f := range known {
			if f.key == key.Value {
				return r.loaded.tolerate(path, f.key, r.node(f.value, value, join(path, f.key)))
			}
		}
		return r.unknown(key, path)
	})
}

// pairs visits the keys of a mapping and then those merged into it by "<<",
// of which an own key hides the merged one.
func (r *reader) pairs(n *yaml.Node, path string, seen map[string]bool, visit func(k, v *yaml.Node) error) error {
	if err := r.visit(path, 1+len(n.Content)/2); err != nil {
		return err
	}
	var merged []*yaml.Node
	own := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			merged = append(merged, mergeList(value)...)
			continue
		case own[key.Value]:
			if err := r.loaded.tolerate(path, key.Value, r.errorf(key, join(path, key.Value), "given twice")); err != nil {
				return err
			}
			continue
		case seen[key.Value]:
			continue
		}
		own[key.Value], seen[key.Value] = true, true
		if err := visit(key, value); err != nil {
			return err
		}
	}
	for _, m := range merged {
		if err := r.visit(path, 1); err != nil {
			return err
		}
		if r.depth++; m.Kind != yaml.MappingNode || r.depth > maxDepth {
			return r.errorf(n, path, "<< must name a mapping")
		}
		if err := r.pairs(m, path, seen, visit); err != nil {
			return err
		}
		r.depth--
	}
	return nil
}

func (r *reader) list(v reflect.Value, n *yaml.Node, path string) error {
	r.place = n
	if err := r.visit(path, len(n.Content)); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	r.loaded.sources[path] = r.where(n)
	for i, item := range n.Content {
		if err := r.node(v.Index(i), item, path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) errorf(n *yaml.Node, path, format string, args ...any) error {
	hint := ""
	if h := helpOf(path); h != "" {
		hint = path + ": " + h
	}
	return clierr.Usagef(hint, "%s: "+format, append([]any{r.where(n).name(path)}, args...)...)
}

func (r *reader) unknown(key *yaml.Node, path string) error {
	full := join(path, key.Value)
	return clierr.Usagef(suggest(full, keys(), "throng config --example lists all keys"),
		"%s: unknown key %q", r.where(key).place(), full)
}

func resolveAlias(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func mergeList(n *yaml.Node) []*yaml.Node {
	n = resolveAlias(n)
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	var list []*yaml.Node
	for _, item := range n.Content {
		list = append(list, resolveAlias(item))
	}
	return list
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
