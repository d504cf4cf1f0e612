package load

import "syscall"

// apart keeps another process from the terminal's Ctrl-C, which the first one passes on in order,
// and ends it with the first one.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
