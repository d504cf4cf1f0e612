// Package terminal makes text from other sources safe to print.
//
// Text from the network or a file may contain escape sequences that move the cursor, change the title or answer queries as
// if the user had typed (ECMA-48, xterm's control sequences), or bidirectional overrides that change how a line reads
// (Unicode TR 36). Characters that are not printable become U+FFFD, so that a reader sees that something was there. These
// include the control characters of eight bits (C1), also in UTF-8, because many terminals act on them.
//
// [Width], [Cut], [Split] and [Clusters] measure printable text in cells of the screen and in grapheme clusters, not in bytes
// or code points.
//
// [Text], [Line], [Short] and [Name] differ in how much of the form of the text they keep. Everything that this module prints
// goes through one of them: messages and names in chat, replies of servers, errors, log lines.
package terminal
