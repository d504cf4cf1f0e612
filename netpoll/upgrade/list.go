package upgrade

import (
	"bytes"
	"iter"
)

// Fields whose value is a list (RFC 9110, sections 5.3 and 5.6.1): several fields with one name are one
// list in their order, and empty elements are ignored.

// fields yields the values of all fields with that name, in any case, of a well-formed block.
func fields(block []byte, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			i := bytes.IndexByte(block, '\n')
			if i < 0 {
				return
			}
			block = block[i+1:]
			if len(block) > len(name) && block[len(name)] == ':' && equalFold(block[:len(name)], name) {
				line := block[len(name)+1:]
				if !yield(trim(line[:bytes.IndexByte(line, '\r')])) {
					return
				}
			}
		}
	}
}

// headerValue is the first field with that name in a well-formed block.
func headerValue(block []byte, name string) (value []byte, ok bool) {
	for v := range fields(block, name) {
		return v, true
	}
	return nil, false
}

// elements yields the elements of a list in which there are no quoted strings, as a list of tokens.
func elements(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for item := range bytes.SplitSeq(list, []byte(",")) {
			if item = trim(item); len(item) > 0 && !yield(item) {
				return
			}
		}
	}
}

// readElements calls read for the elements of all fields with that name, one after the other, where quoted strings may
// contain commas: read parses the element at the beginning of v and returns the rest of v. A malformed element ends it.
func readElements(block []byte, name string, read func(v []byte) (rest []byte, ok bool)) (ok bool) {
	for v := range fields(block, name) {
		for {
			if v = trimLeft(v); len(v) == 0 {
				break
			}
			if v[0] == ',' { // ends an element, which may be empty
				v = v[1:]
			} else if v, ok = read(v); !ok {
				return false
			}
		}
	}
	return true
}

// fieldElements yields the elements of all fields with that name.
func fieldElements(block []byte, name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for v := range fields(block, name) {
			for item := range elements(v) {
				if !yield(item) {
					return
				}
			}
		}
	}
}

// hasToken reports whether the list has the token, in any case.
func hasToken(list []byte, token string) bool {
	for item := range elements(list) {
		if equalFold(item, token) {
			return true
		}
	}
	return false
}

// fieldsHaveToken reports whether the list of all fields with that name has the token, in any
// case.
func fieldsHaveToken(block []byte, name, token string) bool {
	for item := range fieldElements(block, name) {
		if equalFold(item, token) {
			return true
		}
	}
	return false
}

// tokenLen is the length of the token (RFC 9110, section 5.6.2) that v begins with.
func tokenLen(v []byte) (n int) {
	for n < len(v) && classes[v[n]]&classToken != 0 {
		n++
	}
	return n
}

// quotedString reads the quoted string (RFC 9110, section 5.6.4) that v begins with. value is
// its text, a copy only if it had a backslash.
func quotedString(v []byte) (value, rest []byte, ok bool) {
	escaped := false
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '"':
			if value = v[1:i]; escaped {
				value = unescape(value)
			}
			return value, v[i+1:], true
		case '\\':
			escaped = true
			i++
		}
	}
	return nil, nil, false
}

func unescape(v []byte) []byte {
	plain := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' {
			i++
		}
		plain = append(plain, v[i])
	}
	return plain
}
