package rivals

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoadFindsNoViolation: throng load reports no violation of servers other than throng. A violation here is a fault
// of the server or of throng load.
func TestLoadFindsNoViolation(t *testing.T) {
	if testing.Short() {
		t.Skip("each run takes more than a second")
	}
	for name, protocol := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := start(t, filepath.Join(bin, name))
			load(t, "fanout", addr, "--protocol", protocol)
			load(t, "rooms", addr, "--protocol", protocol)
			if protocol == "centrifuge" {
				load(t, "idle", addr, "--one-frame")
				for _, scenario := range []string{"storm", "connect", "stall", "dribble"} {
					load(t, scenario, addr)
				}
			}
		})
	}
	t.Run("echo", func(t *testing.T) {
		t.Parallel()
		addr := start(t, filepath.Join(bin, "echo"))
		for _, scenario := range []string{"echo", "idle", "connect", "dribble"} {
			load(t, scenario, addr, "--protocol", "echo")
		}
		load(t, "echo", "wss://"+start(t, filepath.Join(bin, "echo"), "-tls"), "--insecure")
	})
}

// report has the fields of throng load --json that the test reads.
type report struct {
	Opened     int64 `json:"connections_opened"`
	Error      string
	Violations struct{ Count int64 }
	Counters   struct {
		Sent, Delivered, Checked, Refused, Reconnects, Retries int64
		Errors                                                 map[string]int64
	}
}

// load runs one scenario of throng load. It must end with exit code 0, and have checked its messages.
func load(t *testing.T, scenario, addr string, flags ...string) {
	t.Run(scenario, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "run.json")
		args := append([]string{"load", scenario, addr, "-n", "200", "--rate", "200", "--duration", "1s", "--json", file}, flags...)
		said, err := exec.Command(filepath.Join(bin, "throng"), args...).CombinedOutput()
		if err != nil || !strings.Contains(string(said), "\nresult: OK\n") {
			t.Fatalf("%v\n%s", err, said)
		}
		var r report
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		c := &r.Counters
		if err != nil || r.Error != "" || r.Violations.Count+c.Refused+c.Retries > 0 || len(c.Errors) > 0 {
			t.Fatalf("%v, %+v\n%s", err, r, said)
		}
		quiet := scenario == "connect" // it publishes nothing
		if r.Opened < 100 || !quiet && (r.Opened != 200 || c.Sent == 0 || c.Delivered < c.Sent || c.Checked < c.Delivered) {
			t.Errorf("it did too little: %+v\n%s", r, said)
		}
	})
}
