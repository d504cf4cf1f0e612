//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package netpoll

import gnetpoll "github.com/panjf2000/gnet/v2/pkg/netpoll"

// edgeTriggered: gnet's kqueue poller cannot be asked to report a socket once more, so it reports it as long as there is
// something to read.
const edgeTriggered = false

func unread(gnetpoll.IOEvent) bool { return false }
