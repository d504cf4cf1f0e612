package chat

import (
	"strings"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// brokenRule begins the message of error 107 where the server says which rule was broken (docs/protocol.md, Errors).
const brokenRule = "bad request: "

// brokenRules are the rules that a person can do something about. The others concern the form of a command, which the
// SDK and encode see to.
var brokenRules = map[string]saying{
	`\u0000 in a string`:                     nulInText,
	"no channel":                             {"the room has no name", ""},
	"a channel with a name that is too long": {"the room's name is longer than this server takes", "a room is any name of up to 255 bytes, unless the server has another channel.max_length"},
}

var nulInText = saying{"the text contains a NUL character (U+0000), which servers refuse", "is the input UTF-16 or binary? `iconv -f UTF-16 -t UTF-8` makes text of the former"}

// malformed explains error 107.
func malformed(text string) error {
	rule, ok := strings.CutPrefix(text, brokenRule)
	if !ok {
		return fromCode(refusals, 107, text, "")
	}
	if s, ok := brokenRules[rule]; ok {
		return clierr.Errorf(s.hint, "%s (107)", s.what)
	}
	return clierr.Errorf("is it a Centrifuge or throng server of the same age?", "the server refused the request: %s (107)", terminal.Line(rule))
}

// checkText says why no server would take a message, before it is sent.
func checkText(text string) error {
	if strings.ContainsRune(text, 0) {
		return clierr.Errorf(nulInText.hint, "%s", nulInText.what)
	}
	return nil
}
