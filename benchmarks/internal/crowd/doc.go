//go:build linux

// Package crowd is the engine of the load generator: many client connections on one
// goroutine. The scenarios (load/) know nothing below it; what they use is all there is:
//
//	Grow, Dial     connections that wait until they are open and in their rooms
//	Open, Hangup   connections that open while the loop turns, and their end
//	Send           precomputed frames, at once
//	ListenOnly     what the kernel makes of a member that seldom answers
//	Turn           reads what has come and calls the hooks
//	Deliver, Upgraded, Joined, Other, AfterRead   the hooks
//
// Another engine with these can take its place. Nothing here allocates per message, and
// nothing here trusts the server: what is not understood, refused or closed is a fault, and
// a run with a fault has no figures.
package crowd
