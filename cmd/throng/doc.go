// Command throng is a chat edge: it holds WebSocket connections on event loops and delivers every message of a room to all of
// its members. See README.md.
//
//	throng [serve] [flags]    run the server
//	throng chat URL ROOM      chat in the terminal
//	throng load SCENARIO URL  load-test a server, and check every message
//	throng check              compare the limits of this machine with the intended connections
//	throng config             show the configuration in effect
//	throng version
//
// Errors are two lines on standard error, "throng: error: ..." and "throng: hint: ...". Exit codes are 0 for success, 1 for a
// failure, and 2 for a mistake in the command line or the configuration.
package main
