// Package certs keeps the certificate of a TLS server and changes it while the
// server runs.
//
//	store, err := certs.Open("cert.pem", "key.pem")
//	server.TLS = store.Config()
//	go store.Watch(ctx, log)          // when the files change
//	pair, err := certs.Read("cert.pem", "key.pem") // on SIGHUP, or other files
//	err = store.Take(pair)
//
// A handshake takes the certificate of its moment; established connections
// never notice a change. What cannot be used (unreadable, no PEM, a key of
// another certificate) never replaces what is in use, and neither does one that
// is not valid now replace one that is. A certificate that has expired is used
// where there is no better one: the server runs, says so, and takes the renewed
// one when it comes.
//
// The files are looked at every few seconds instead of being watched with
// inotify: that also sees the symbolic links that Kubernetes swaps, files on
// network file systems, and needs no dependency. A change is taken once the
// files have been the same for two looks, since certificate and key are rarely
// written in one step.
//
// Errors are [*clierr.Error]: what is wrong with which file, and a hint.
package certs
