//go:build linux

// Package crowd is the engine of the load generator: many client connections on one
// goroutine. The workloads in load/ use nothing below it, and from it only:
//
//	Grow, Dial     connections that wait until they are open and in their rooms
//	Open, Hangup   connections that open while the loop turns, and their end
//	Send           precomputed frames, at once
//	ListenOnly     no delayed acknowledgements for members that seldom send
//	Turn           reads what has arrived and calls the hooks
//	Deliver, Upgraded, Joined, Other, AfterRead   the hooks
//
// Nothing here allocates per message, and nothing here trusts the server: data that is not
// understood, an error reply and a closed connection fail the run, and a run that has failed
// has no figures.
package crowd
