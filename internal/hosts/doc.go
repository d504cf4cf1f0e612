// Package hosts decides which values of the Host header a listener answers to.
//
// A listener on a loopback address is for programs of its own machine, but every page in a browser there can reach it as
// well. The name of the page can resolve to 127.0.0.1 (DNS rebinding): for the browser the listener is then the origin of the
// page, and the same-origin policy does not apply. The Host header, which a page cannot set, shows it: its value is not a
// name of this machine.
package hosts
