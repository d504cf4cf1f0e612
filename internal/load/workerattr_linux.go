package load

import "syscall"

// workerAttr puts a worker process into a process group of its own, so that the terminal's Ctrl-C
// reaches the coordinator only, which ends the run in order. The kernel kills the worker when the
// coordinator ends.
func workerAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
