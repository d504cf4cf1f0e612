package main

import (
	"runtime"
	"runtime/debug"
)

// released is set by the Makefile from git describe.
var released string

// version is "throng v1.2.3 (go1.26, linux/amd64)".
func version() string {
	return "throng " + release() + " (" + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")"
}

// release returns the version alone: that of the Makefile, or that of the module for go install.
func release() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
