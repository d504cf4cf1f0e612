// Command throng is a chat edge: it holds WebSocket connections on event loops
// and hands every message of a room to everyone in it. See README.md.
//
//	throng [serve] [flags]    run the server
//	throng chat URL ROOM      chat in the terminal
//	throng load SCENARIO URL  load-test a server, and check every message
//	throng check              which limits of this machine stand in the way
//	throng config             the configuration in effect
//	throng version
//
// Errors are two lines on standard error, "throng: error: ..." and
// "throng: hint: ...". Exit codes: 0 ok, 1 it failed, 2 the command line or the
// configuration is wrong.
package main
