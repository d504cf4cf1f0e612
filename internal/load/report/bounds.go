package report

import "errors"

// Bounds of a decoded file. A few bytes of JSON can make a large value in memory ([{},{},...), so a bound of the file's
// size is not enough.
const (
	maxDepth   = 16             // of a report: 5
	maxMembers = 10_000         // of one object; those of a report are errors by text, and closes by code
	maxItems   = maxSeconds     // of all lists together, with maxObjects
	maxObjects = 2 * maxSeconds // the seconds, and what the server had in each
)

var errTooMuch = errors.New("it has more in it than any report")

// bounded checks the structure of a JSON text before it is decoded. It does not check whether the text is JSON.
func bounded(b []byte) error {
	var stack []container
	items, objects := 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = endOfString(b, i)
		case '{', '[':
			if b[i] == '{' {
				objects++
			}
			stack = append(stack, container{list: b[i] == '['})
		case '}', ']':
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
		case ',':
			if len(stack) == 0 {
				continue
			}
			if top := &stack[len(stack)-1]; top.list {
				items++
			} else if top.members++; top.members > maxMembers {
				return errTooMuch
			}
		}
		if len(stack) > maxDepth || items > maxItems || objects > maxObjects {
			return errTooMuch
		}
	}
	return nil
}

// container is a list or an object that is open.
type container struct {
	list    bool
	members int
}

// endOfString returns the index of the quote that ends the string which begins at i.
func endOfString(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i
}
