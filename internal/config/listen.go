package config

import (
	"io/fs"
	"strconv"
)

// SocketPermissions are SocketMode, which is validated.
func (c *Config) SocketPermissions() fs.FileMode {
	n, _ := strconv.ParseUint(c.SocketMode, 8, 32)
	return fs.FileMode(n)
}
