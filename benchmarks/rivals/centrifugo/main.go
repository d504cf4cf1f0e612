// Centrifugo replaces this process (execve(2)) by the centrifugo in the PATH, configured as
// `throng serve --dev`:
//
//	go install github.com/centrifugal/centrifugo/v6@VERSION
//
// Without centrifugo it ends with an error, and the report has no figures for it.
// rivals/centrifuge is a server on the same library.
package main

import (
	"encoding/json"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/throngd/throng/benchmarks/internal/rival"
)

func main() {
	log.SetFlags(0)
	addr := rival.Addr()
	program, err := exec.LookPath("centrifugo")
	if err != nil || isSelf(program) {
		log.Fatal("centrifugo is not in the PATH: go install github.com/centrifugal/centrifugo/v6@VERSION")
	}
	config, err := configure(addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(syscall.Exec(program, []string{program, "--config", config}, os.Environ()))
}

func isSelf(program string) bool {
	self, err1 := os.Stat("/proc/self/exe")
	other, err2 := os.Stat(program)
	return err1 == nil && err2 == nil && os.SameFile(self, other)
}

// configure writes the configuration to a file of a temporary directory.
func configure(addr string) (path string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "centrifugo")
	if err != nil {
		return "", err
	}
	type object = map[string]any
	b, err := json.Marshal(object{
		"http_server": object{"address": host, "port": port},
		"client":      object{"allowed_origins": []string{"*"}, "allow_anonymous_connect_without_token": true},
		"log":         object{"level": "error"},
		"channel": object{"without_namespace": object{
			"allow_subscribe_for_client": true, "allow_subscribe_for_anonymous": true,
			"allow_publish_for_client": true, "allow_publish_for_anonymous": true,
			"presence": true, "join_leave": true, "force_push_join_leave": true,
			"history_size": 5000, "history_ttl": "24h", "force_recovery": true, "force_positioning": true,
		}},
	})
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "config.json")
	return path, os.WriteFile(path, b, 0o600)
}
