package config

import (
	"io/fs"
	"strconv"
)

// SocketPermissions returns SocketMode, which must be validated.
func (c *Config) SocketPermissions() fs.FileMode {
	n, _ := strconv.ParseUint(c.SocketMode, 8, 32)
	return fs.FileMode(n)
}
