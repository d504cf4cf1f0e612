// Package load is the load tester behind throng load: very many WebSocket connections to one
// server, a schedule that waits for nobody, and an oracle that knows what every subscriber must get.
//
// [Run] runs one scenario and returns a report.Report. What happens in it:
//
//	plan       which client is in which room, on which process and which loop
//	crowd      a netpoll.Client; each of its loops has a worker, which alone touches its clients
//	stages     open, talk, drain, read the history back, close (run.go); what a scenario adds stands in scenario.go
//	schedule   when a message is due: latencies count from then, whether it could be sent or not
//	oracle     journal.go for each room and loop while messages come, judge.go over all of them at the end
//	processes  the same binary again, when one process may not open enough files; the evidence of
//	           rooms that were split comes back to the first process and is judged there
//
// An idle client is 72 bytes here and a slot of netpoll's slab. Those that misbehave on purpose
// (stall, half-open, dribble) are blocking sockets with a goroutine each (plain.go).
//
// Every wait has a deadline, Options.Patience; what was measured until something went wrong is
// in the report.
package load
