package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/files"
)

// maxFile is the most bytes of a configuration: some thousand namespaces. A node
// of the YAML tree takes 200 bytes, for two of the file.
const maxFile = 1 << 20

// readFile reads the YAML file and applies it to the configuration.
func (l *Loaded) readFile(path string) error {
	b, err := files.Read(path, maxFile)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return clierr.Usagef("write an example with: throng config --example > "+path,
			"cannot read the configuration file %s: %v", path, err)
	}
	return l.applyYAML(b, path)
}

func (l *Loaded) applyYAML(b []byte, name string) error {
	doc, err := parseYAML(b)
	if err != nil {
		return clierr.Usagef("the file is YAML; throng config --example shows one",
			"%s%s", name, syntaxError(err))
	}
	if doc == nil {
		return nil
	}
	r := &reader{loaded: l, where: func(n *yaml.Node) Source {
		return Source{File, fmt.Sprintf("%s:%d", name, n.Line)}
	}}
	return r.node(reflect.ValueOf(&l.Config).Elem(), doc, "")
}

// parseYAML returns the root of the one document in b, nil if it is empty.
func parseYAML(b []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, errors.New("more than one document"))
	}
	return doc.Content[0], nil
}

var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError writes "yaml: line 3: text" as ":3: text", to follow the name of the file.
func syntaxError(err error) string {
	m := syntaxLine.FindStringSubmatch(err.Error())
	if m == nil || m[1] == "" {
		return ": " + strings.TrimPrefix(err.Error(), "yaml: ")
	}
	return ":" + m[1] + ": " + strings.TrimPrefix(err.Error(), m[0])
}
