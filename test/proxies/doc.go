// Package proxies runs the examples of docs/operations.md with nginx, Caddy and HAProxy in front
// of a server. Each is skipped if its program is not installed; test/run installs Debian's
// packages if it may.
package proxies
