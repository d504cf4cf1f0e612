// Package wire is what the benchmark programs say to each other and to the servers: the
// one handshake, the body of a message and the frames around it.
package wire
