package chat

import (
	"strings"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/terminal"
)

// brokenRule begins the message of error 107 if the server names the rule that was broken (docs/protocol.md, Errors).
const brokenRule = "bad request: "

// brokenRules explains the rules that a user can break. The others concern the form of a command, which the SDK and
// encode get right.
var brokenRules = map[string]explanation{
	`\u0000 in a string`:                     nulInText,
	"no channel":                             {"the room has no name", ""},
	"a channel with a name that is too long": {"the room's name is longer than this server takes", "a room is any name of up to 255 bytes, unless the server has another channel.max_length"},
}

var nulInText = explanation{"the text contains a NUL character (U+0000), which servers refuse", "if the input is UTF-16, convert it with `iconv -f UTF-16 -t UTF-8`"}

// malformed explains error 107.
func malformed(text string) error {
	rule, ok := strings.CutPrefix(text, brokenRule)
	if !ok {
		return fromCode(refusals, 107, text, "")
	}
	if s, ok := brokenRules[rule]; ok {
		return clierr.Errorf(s.hint, "%s (107)", s.what)
	}
	return clierr.Errorf("is it a Centrifuge or throng server of about the same version?", "the server refused the request: %s (107)", terminal.Line(rule))
}

// checkText returns an error for a message that every server refuses.
func checkText(text string) error {
	if strings.ContainsRune(text, 0) {
		return clierr.Errorf(nulInText.hint, "%s", nulInText.what)
	}
	return nil
}
