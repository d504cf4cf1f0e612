// Package wire has the bytes that the benchmark programs and the servers exchange: the opening
// handshake, the body of a message and the frames around it.
package wire
