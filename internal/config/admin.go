package config

import "github.com/throngd/throng/internal/hosts"

func (l *Loaded) validateAdminHosts() error {
	for _, host := range l.AdminHosts {
		if !hosts.Valid(host) {
			return l.bad("admin_hosts", "%q is not a host; write it without scheme and port, as metrics.internal or [2001:db8::1]", host)
		}
	}
	if len(l.AdminHosts) == 0 {
		l.AdminHosts = nil // an empty list is the same value
	}
	return nil
}
