// Package limit bounds how often something happens, for one connection, for one key (a user, an IP address) or for the
// whole server.
//
// All limits use the generic cell rate algorithm (ITU-T I.371): a token bucket whose whole state is one time, at which
// everything that was charged is earned. The state comes in three forms:
//
//	Meter    4 bytes inside of a connection; one goroutine
//	Shared   one for all event loops; any goroutine
//	PerKey   a table of keys, each with its rate and its number of open connections; any goroutine
//
// Times are passed in, so that a caller reads its clock once for several limits, and tests need no sleep. A refused
// request is not charged: a client that slows down is served again.
package limit
