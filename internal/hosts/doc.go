// Package hosts decides which values of the Host header a listener answers to.
//
// A listener on a loopback address is for the programs of its own machine, but every page in a
// browser there can reach it as well. The page's own name may resolve to 127.0.0.1 by then (DNS
// rebinding): for the browser it is then talking to the server that it came from, and the same-origin
// policy protects nothing. What gives the page away is the Host header, which it cannot set: it is a
// name that is none of this machine's own.
package hosts
