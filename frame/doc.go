// Package frame is RFC 6455 and RFC 7692 on bytes.
package frame
