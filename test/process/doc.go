// Package process holds tests of the throng binary as a process among others: slow readers, a
// frozen peer, no descriptors left, everybody back at once. They build the binary, start it on
// a free loopback port and take some minutes; -short makes them small.
package process
