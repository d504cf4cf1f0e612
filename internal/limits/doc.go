// Package limits knows what this machine lets a process with very many
// connections do, and how to lift what stands in the way.
//
// [RaiseFiles] is used by throng serve, [Machine.Check] by throng check. The
// checks read /proc and /sys and so know Linux only.
package limits
