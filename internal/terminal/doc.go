// Package terminal makes text that somebody else wrote safe to print.
//
// What comes over the network or out of a file is never trusted with a terminal:
// escape sequences could move the cursor, change the title or answer queries on
// the person's behalf (ECMA-48, xterm's control sequences), and bidirectional
// overrides (Unicode TR 36) could make a line read differently from what was
// sent. Whatever is not printable becomes U+FFFD, so that a reader sees that
// something was there. Control characters of eight bits (C1) count, also in
// UTF-8: many terminals act on them.
//
// [Width], [Cut], [Split] and [Clusters] measure what is safe to print in cells of
// the screen and in characters as people see them, not in bytes or code points.
//
// [Text], [Line], [Short] and [Name] say how much of a form is left. Everything
// that this module prints for people goes through one of them: messages and
// names in chat, what a server answers to chat and load, errors, log lines.
package terminal
