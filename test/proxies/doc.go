// Package proxies runs the examples of docs/operations.md with nginx, Caddy and HAProxy in front
// of a server of ours. Each is skipped where the program is not installed; test/run has
// Debian's packages installed where it may.
package proxies
