package config

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// WriteEffective writes the configuration as YAML that can be read back, with
// the source of each value beside it. Secrets are hidden.
func (l *Loaded) WriteEffective(w io.Writer) error {
	p := printer{comment: func(path string) string { return l.Source(path).String() }}
	return writeYAML(w, p.mapping(reflect.ValueOf(&l.Config).Elem(), ""))
}

func writeYAML(w io.Writer, root *yaml.Node) error {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// printer makes a YAML tree of the configuration.
type printer struct {
	comment func(path string) string // "" for none
}

func (p printer) mapping(v reflect.Value, path string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fields(v) {
		key, value := scalar(f.key, "!!str"), p.value(f, join(path, f.key))
		n.Content = append(n.Content, key, value)
	}
	return n
}

func (p printer) value(f field, path string) *yaml.Node {
	switch list := f.value.Interface().(type) {
	case []Namespace:
		return p.namespaces(list, path)
	case []string:
		n := p.leaf(&yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}, path)
		for _, s := range list {
			n.Content = append(n.Content, scalar(s, "!!str"))
		}
		return n
	}
	if f.nested() {
		return p.mapping(f.value, path)
	}
	text, tag := textOf(f.value)
	if f.secret && text != "" {
		text, tag = "(hidden)", "!!str"
	}
	return p.leaf(scalar(text, tag), path)
}

// namespaces leaves out the keys of a namespace that are not set.
func (p printer) namespaces(list []Namespace, path string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if len(list) == 0 {
		n.Style = yaml.FlowStyle
		return p.leaf(n, path)
	}
	for i := range list {
		item, at := &yaml.Node{Kind: yaml.MappingNode}, path+"["+strconv.Itoa(i)+"]"
		for _, f := range fields(reflect.ValueOf(&list[i]).Elem()) {
			if !f.value.IsZero() {
				item.Content = append(item.Content, scalar(f.key, "!!str"), p.value(f, join(at, f.key)))
			}
		}
		n.Content = append(n.Content, item)
	}
	return n
}

func (p printer) leaf(n *yaml.Node, path string) *yaml.Node {
	n.LineComment = p.comment(path)
	return n
}

func scalar(text, tag string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: text, Tag: tag}
	if tag == "!!str" && !plain.MatchString(text) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// textOf writes a value as [assign] reads it.
func textOf(v reflect.Value) (text, tag string) {
	switch x := v.Interface().(type) {
	case bool:
		return strconv.FormatBool(x), "!!bool"
	case int:
		return strconv.Itoa(x), "!!int"
	case time.Duration:
		return duration(x), "!!str"
	case Size:
		if s := x.String(); strings.Trim(s, "0123456789") == "" {
			return s, "!!int"
		}
	}
	return fmt.Sprint(v.Interface()), "!!str"
}
