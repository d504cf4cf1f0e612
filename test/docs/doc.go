// Package docs runs what the README and the docs show: the Go snippet and the conversation of the protocol.
package docs
