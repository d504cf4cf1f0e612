package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// assign parses a scalar or a list of strings. The error names the expected form, without the key.
func assign(v reflect.Value, s string) error {
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = s
		return nil
	case *bool:
		return parseInto(p, s, parseBool, "true or false")
	case *int:
		return parseInto(p, s, strconv.Atoi, "a whole number")
	case *time.Duration:
		return parseInto(p, s, time.ParseDuration, "a time, as 500ms, 10s or 24h")
	case *Size:
		return p.UnmarshalText([]byte(s))
	case *[]string:
		*p = splitList(s)
		return nil
	}
	panic("config: no text form for " + v.Type().String())
}

func parseInto[T any](p *T, s string, parse func(string) (T, error), want string) error {
	t, err := parse(strings.TrimSpace(s))
	if err != nil {
		return fmt.Errorf("%q is not %s", s, want)
	}
	*p = t
	return nil
}

// parseBool also accepts the words of YAML 1.1.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "yes", "on":
		return true, nil
	case "no", "off":
		return false, nil
	}
	return strconv.ParseBool(s)
}

// splitList parses a comma-separated list. It is never nil: an empty list differs from one that was not set.
func splitList(s string) []string {
	list := []string{}
	for _, item := range strings.Split(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}
