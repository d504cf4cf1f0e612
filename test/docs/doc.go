// Package docs tests the documentation: the Go snippet of the README and the conversation of docs/protocol.md are run,
// links and the index are checked, and so are the files that a release contains. The commands, configurations and the
// program of the documentation are tested in cmd/throng, its JavaScript in test/e2e, and the examples of proxies in
// test/proxies.
package docs
