// Package certs loads the certificate of a TLS server and replaces it while the server runs.
//
//	store, err := certs.Open("cert.pem", "key.pem")
//	server.TLS = store.Config()
//	go store.Watch(ctx, log)          // when the files change
//	pair, err := certs.Read("cert.pem", "key.pem") // on SIGHUP, or other files
//	err = store.Take(pair)
//
// A handshake uses the certificate that is current when it begins; established connections do not notice a change. A
// certificate that cannot be used (unreadable, not PEM, the key of another certificate) never replaces the current one. One
// that is not valid now does not replace one that is. An expired certificate is used if there is no better one: the server
// runs, logs a warning, and uses the renewed certificate when it comes.
//
// The files are checked every few seconds instead of being watched with inotify. This also works for the symbolic links of
// Kubernetes and for network file systems, and needs no dependency. A change is used once two checks have seen the same
// files, since certificate and key are rarely written in one step.
//
// Errors are [*clierr.Error]: they name the file and have a hint.
package certs
