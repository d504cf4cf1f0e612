package protocol

import "testing"

func TestCodes(t *testing.T) {
	for i, e := range Errors() {
		if e.Code != uint32(100+i) || e.Message == "" {
			t.Errorf("error %d: %+v", 100+i, e)
		}
		if temporary := e.Code == 100 || e.Code == 111 || e.Code == 113; e.Temporary != temporary {
			t.Errorf("%d: temporary is %v", e.Code, e.Temporary)
		}
	}
	for _, d := range Disconnects() {
		if d.Reconnect() != (d.Code < 3500) || d.Reason == "" {
			t.Errorf("%+v reconnects: %v", d, d.Reconnect())
		}
	}
	for code, want := range map[uint16]bool{1000: true, 1009: false, 2999: true, 3000: true, 3009: true, 3499: true, 3500: false, 3999: false, 1012: true, 4000: true, 4499: true, 4500: false, 4999: false} {
		if Reconnects(code) != want {
			t.Errorf("%d", code)
		}
	}
}

// TestWireNames holds what clients see of constants.
func TestWireNames(t *testing.T) {
	id := ClientID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	if got := id.String(); got != "01234567-89ab-cdef-0123-456789abcdef" {
		t.Errorf("client id %q", got)
	}
	for m, want := range map[Method]string{MethodNone: "pong", MethodConnect: "connect", MethodPublish: "publish", MethodSubRefresh: "sub_refresh", 255: "sub_refresh"} {
		if m.String() != want {
			t.Errorf("method %d is %q", m, m)
		}
	}
	if FlagRejectUnrecovered != 2 {
		t.Errorf("the flag that asks for error 112 is %d", FlagRejectUnrecovered)
	}
}
