// Package process tests the throng binary as a process: with slow readers, frozen clients, no free
// descriptors, and all clients reconnecting at once. The tests build the binary and start it on a
// free loopback port. They take some minutes; -short makes them small.
package process
