// Package systemd implements two protocols of the service manager: notifications about the state of the process
// (sd_notify(3)), and sockets that the manager has opened (sd_listen_fds(3)).
//
//	n := systemd.NewNotifier()           // does nothing outside systemd
//	n.Ready("serving :8080")
//	sockets, err := systemd.Sockets()    // none outside socket activation
//
// Both protocols are small: a datagram with KEY=value lines to the socket in NOTIFY_SOCKET, and descriptors from 3 on whose
// number is in LISTEN_FDS. A library would be larger than this package.
package systemd
