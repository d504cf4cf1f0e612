//go:build !linux

package load

import "syscall"

// apart keeps another process from the terminal's Ctrl-C, which the first one passes on in order.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
