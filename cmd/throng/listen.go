package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/config"
)

// listenError explains why listening on an address failed, with a hint.
func listenError(err error, key, addr string) error {
	flag, port := config.FlagName(key), portOf(addr)
	other := fmt.Sprintf("or choose another address with %s", flag)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return clierr.Errorf(fmt.Sprintf("find it with: ss -ltnp 'sport = :%s', %s", port, other),
			"another program already listens on %s", addr)
	case errors.Is(err, syscall.EACCES):
		return clierr.Errorf(fmt.Sprintf("allow it with: sudo setcap cap_net_bind_service=+ep %s, %s", executable(), other),
			"no permission to listen on %s", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return clierr.Errorf("see the machine's addresses with: ip addr, "+other, "%s is not an address of this machine", addr)
	}
	return clierr.Errorf("choose another address with "+flag, "cannot listen on %s: %v", addr, err)
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// executable is the path of this program, for hints.
func executable() string {
	if strings.ContainsRune(os.Args[0], '/') {
		return os.Args[0]
	}
	return "throng"
}
