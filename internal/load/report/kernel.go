package report

import (
	"os"

	"github.com/prometheus/procfs"
)

// Kernel is the memory of this machine's kernel that connections take, in bytes.
type Kernel struct {
	Slab    int64 `json:"slab_bytes"`        // sockets, files, epoll entries and other objects of fixed size (/proc/meminfo)
	Buffers int64 `json:"tcp_buffers_bytes"` // data that waits in the sockets (/proc/net/sockstat)
}

// KernelNow reads the kernel's memory. It is nil on other systems than Linux.
func KernelNow() *Kernel {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return nil
	}
	memory, err := fs.Meminfo()
	if err != nil || memory.SlabBytes == nil {
		return nil
	}
	k := &Kernel{Slab: int64(*memory.SlabBytes)}
	if sockets, err := fs.NetSockstat(); err == nil {
		for _, p := range sockets.Protocols {
			if p.Protocol == "TCP" && p.Mem != nil {
				k.Buffers = int64(*p.Mem) * int64(os.Getpagesize())
			}
		}
	}
	return k
}
