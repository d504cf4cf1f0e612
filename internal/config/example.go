package config

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
)

// WriteExample writes a configuration file with every key commented out, its
// help above it and its default as the value.
func WriteExample(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, exampleHead)
	l := &Loaded{sources: map[string]Source{}}
	l.applyDefaults()
	for _, f := range fields(reflect.ValueOf(&l.Config).Elem()) {
		if !f.nested() {
			exampleKey(b, f, "")
		}
	}
	fmt.Fprint(b, "\nclient:\n")
	for _, f := range fields(reflect.ValueOf(&l.Client).Elem()) {
		exampleKey(b, f, "  ")
	}
	fmt.Fprint(b, "\nchannel:\n")
	for _, f := range fields(reflect.ValueOf(&l.Channel).Elem()) {
		if !f.nested() && f.value.Kind() != reflect.Slice {
			exampleKey(b, f, "  ")
		}
	}
	fmt.Fprint(b, "\n  # Rooms whose name has no namespace in front, as lobby.\n  without_namespace:\n")
	for _, f := range fields(reflect.ValueOf(&l.Channel.WithoutNamespace).Elem()) {
		exampleKey(b, f, "    ")
	}
	fmt.Fprint(b, exampleTail)
	return b.Flush()
}

func exampleKey(w io.Writer, f field, indent string) {
	text := "[]"
	if f.value.Kind() != reflect.Slice {
		s, tag := textOf(f.value)
		text = scalarText(s, tag)
	}
	if indent == "" {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s# %s\n%s#%s: %s\n", indent, f.help, indent, f.key, text)
}

// scalarText is the text of a scalar as it stands in the file.
func scalarText(s, tag string) string {
	if tag == "!!str" && !plain.MatchString(s) {
		return fmt.Sprintf("%q", s)
	}
	return s
}

const exampleHead = `# Configuration of throng: throng serve --config throng.yaml
#
# Every key is shown with its default. A flag (--max-message) and an environment
# variable (THRONG_MAX_MESSAGE, THRONG_CLIENT_...) win over this file.
# throng config shows what is in effect, and where each value came from.
`

const exampleTail = `
  # Rooms named NAME:REST, with the options above.
  namespaces:
    #- name: chat
    #  presence: true
    #  join_leave: true
    #  history_size: 1000
    #  history_ttl: 24h
    #  force_recovery: true
    #  allow_subscribe_for_client: true
    #  allow_publish_for_subscriber: true
    #  allow_presence_for_subscriber: true
    #  allow_history_for_subscriber: true
`
