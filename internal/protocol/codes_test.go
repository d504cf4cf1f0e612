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
	for code, want := range map[uint16]bool{1000: true, 1009: false, 1012: true, 4000: true, 4499: true, 4500: false, 4999: false} {
		if Reconnects(code) != want {
			t.Errorf("%d", code)
		}
	}
}
