//go:build !windows

package netpoll

import "testing"

// TestPhaseTableIsComplete: every phase has a name, and every phase in which the poller or the wheel may report a
// connection has the functions that they call.
func TestPhaseTableIsComplete(t *testing.T) {
	for p, row := range phaseTable() {
		switch p := phase(p); {
		case row.name == "":
			t.Errorf("phase %d has no row", p)
		case p == phaseFree:
		case row.deadline == nil:
			t.Errorf("%s: no deadline", row.name)
		case row.data == nil:
			t.Errorf("%s: no data", row.name)
		case row.dial != "" && (row.failed == nil || row.eof == nil):
			t.Errorf("%s: a failed dial would not be reported", row.name)
		}
	}
}
