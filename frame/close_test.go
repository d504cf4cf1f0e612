package frame

import "testing"

// The numbers and their use are those of RFC 6455 section 7.4.1 and of the IANA registry.
func TestCloseCodes(t *testing.T) {
	for code, want := range map[CloseCode]struct {
		number   uint16
		sendable bool
	}{
		CloseNormal: {1000, true}, CloseGoingAway: {1001, true}, CloseProtocol: {1002, true}, CloseUnsupported: {1003, true},
		CloseNoStatus: {1005, false}, CloseAbnormal: {1006, false}, CloseInvalidData: {1007, true}, ClosePolicy: {1008, true},
		CloseTooBig: {1009, true}, CloseMissingExtension: {1010, true}, CloseInternal: {1011, true}, CloseRestart: {1012, true},
		CloseTryLater: {1013, true},
		0:             {0, false}, 999: {999, false}, 1004: {1004, false}, 1014: {1014, true}, 1015: {1015, false}, 2999: {2999, false},
		3000: {3000, true}, 4999: {4999, true}, 5000: {5000, false}, 65535: {65535, false},
	} {
		if uint16(code) != want.number || code.Sendable() != want.sendable {
			t.Errorf("%d: sendable %v, want %d and %v", code, code.Sendable(), want.number, want.sendable)
		}
	}
}
