// Package chat is the terminal client behind `throng chat URL ROOM`, on the official Go SDK (centrifuge-go).
package chat
