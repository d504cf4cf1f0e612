package chat

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type keyKind int

const (
	keyNone keyKind = iota // not known here
	keyText
	keyEnter
	keyInterrupt // Ctrl-C
	keyDelete    // Ctrl-D too: on an empty line it ends the input
	keyBackspace
	keyLeft
	keyRight
	keyUp
	keyDown
	keyHome
	keyEnd
	keyWordLeft
	keyWordRight
	keyKillWord
	keyKillNextWord
	keyKillLine
	keyKillRest
	keyTranspose
	keyClear
	keyReport // not a key: the terminal reports the column of its cursor
)

// key is one key that was pressed, or text that arrived at once.
type key struct {
	kind keyKind
	text string // of keyText
	ctrl byte   // the control character, 0 for an escape sequence
	col  int    // of keyReport, from 0
}

// controls are the keys of readline that are one byte.
var controls = map[byte]keyKind{
	1: keyHome, 2: keyLeft, 3: keyInterrupt, 4: keyDelete, 5: keyEnd, 6: keyRight, 8: keyBackspace, '\n': keyEnter, 11: keyKillRest,
	12: keyClear, '\r': keyEnter, 14: keyDown, 16: keyUp, 20: keyTranspose, 21: keyKillLine, 23: keyKillWord, 127: keyBackspace,
}

// finals are the last characters of escape sequences without parameters (ECMA-48, xterm's application mode), tildes the
// first parameters of those that end in ~, alts what follows an escape.
var (
	finals = map[byte]keyKind{'A': keyUp, 'B': keyDown, 'C': keyRight, 'D': keyLeft, 'F': keyEnd, 'H': keyHome}
	tildes = map[string]keyKind{"1": keyHome, "3": keyDelete, "4": keyEnd, "7": keyHome, "8": keyEnd}
	alts   = map[byte]keyKind{'b': keyWordLeft, 'f': keyWordRight, 'd': keyKillNextWord, 127: keyKillWord, 8: keyKillWord}
)

const (
	escape      = 27
	maxSequence = 64 // the most bytes of an escape sequence
)

// nextKey parses the first key in b and its length. n is 0 if b is only the beginning of a key.
func nextKey(b []byte) (k key, n int) {
	switch c := b[0]; {
	case c == escape:
		return escaped(b)
	case c != '\t' && c < ' ' || c == 127:
		return key{kind: controls[c], ctrl: c}, 1
	}
	for n < len(b) && utf8.FullRune(b[n:]) && (b[n] >= ' ' && b[n] != 127 || b[n] == '\t') {
		_, size := utf8.DecodeRune(b[n:])
		n += size
	}
	if n == 0 {
		return key{}, 0
	}
	if text := validText(b[:n]); text != "" {
		return key{kind: keyText, text: text}, n
	}
	return key{}, n
}

// escaped parses an escape sequence, or a key with Alt.
func escaped(b []byte) (key, int) {
	switch {
	case len(b) == 1:
		return key{}, 0
	case b[1] == '[' || b[1] == 'O':
		return sequence(b)
	case b[1] == escape:
		return key{}, 1
	}
	return key{kind: alts[b[1]]}, 2
}

// sequence parses ESC [ parameters final, or ESC O final.
func sequence(b []byte) (key, int) {
	for i := 2; i < len(b); i++ {
		switch c := b[i]; {
		case c >= 0x40 && c <= 0x7e:
			return meaning(string(b[2:i]), c), i + 1
		case c < ' ' || c > 0x7e || i > maxSequence:
			return key{}, i // not a sequence
		}
	}
	return key{}, 0
}

// meaning returns the key of a sequence. With a modifier (1;3 is Alt, 1;5 Ctrl) the arrows move by words.
func meaning(params string, final byte) key {
	first, modifier, more := strings.Cut(params, ";")
	switch {
	case final == 'R' && more:
		if col, err := strconv.Atoi(modifier); err == nil && col > 0 {
			return key{kind: keyReport, col: col - 1}
		}
	case final == '~':
		return key{kind: tildes[first]}
	case final == 'C' && (modifier == "3" || modifier == "5"):
		return key{kind: keyWordRight}
	case final == 'D' && (modifier == "3" || modifier == "5"):
		return key{kind: keyWordLeft}
	}
	return key{kind: finals[final]}
}
