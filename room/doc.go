// Package room keeps the rooms of a chat server: who is in them, in which order
// their messages go out, and which messages are kept.
package room
