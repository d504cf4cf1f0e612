// Package load is the load tester behind `throng load`. It opens many WebSocket connections to one
// server, sends messages on a schedule that does not depend on the server's answers, and checks
// what every subscriber receives.
//
// [Run] carries out one scenario and returns a report.Report. Its parts:
//
//	plan       which client is in which room, in which process and on which event loop
//	client     a netpoll.Client; each of its loops has a worker, which owns the loop's clients
//	stages     open, talk, drain, read the history back, close; scenario.go has what a scenario adds
//	schedule   when a message is due; latencies count from then, whether it could be sent or not
//	oracle     a package of its own: decides which deliveries are missing, repeated or out of order
//	processes  the same binary again, when one process may not open enough files; the evidence about
//	           rooms that are split goes back to the first process and is judged there
//
// An idle client takes 72 bytes here and a slot in netpoll's slab. The clients that misbehave on
// purpose (stall, half-open, dribble) are blocking sockets with a goroutine each (misbehaver.go).
//
// Every wait ends after Options.Patience. A run that fails returns what it has measured until then.
package load
