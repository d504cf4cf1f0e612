package edge

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// TestDisabledLogAllocatesNothing: without debug an event allocates and keeps nothing.
func TestDisabledLogAllocatesNothing(t *testing.T) {
	for name, log := range map[string]*slog.Logger{
		"no log": nil, "info": slog.New(slog.NewJSONHandler(io.Discard, nil)),
	} {
		e := &Edge{cfg: Config{Log: log}}
		s := &session{loop: &loop{edge: e}}
		allocs := testing.AllocsPerRun(100, func() {
			s.logOpened(nil)
			s.logConnected()
			e.logRefused(&s.info, "publish", protocol.ErrPermissionDenied)
			s.logClosed(3000)
		})
		if allocs != 0 || s.loop.opened != nil {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

// TestRefusedCommandIsLogged: at debug, with the command and the code.
func TestRefusedCommandIsLogged(t *testing.T) {
	var out bytes.Buffer
	e := &Edge{cfg: Config{Log: slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}}
	e.logRefused(&room.Info{}, "publish", protocol.ErrPermissionDenied)
	e.logRefused(nil, "publish", protocol.ErrPermissionDenied) // the server's own
	if got := out.String(); strings.Count(got, "command refused") != 1 || !strings.Contains(got, `"command":"publish","code":103`) {
		t.Errorf("logged %s", got)
	}
}

// TestErrorsAreCountedByCode: codes of the protocol are counted one by one, all others together.
func TestErrorsAreCountedByCode(t *testing.T) {
	e := &Edge{loops: []*loop{{}, {}}}
	for i, err := range protocol.Errors() {
		for range i + 1 {
			e.loops[i%2].counters.refused(err.Code)
		}
	}
	for _, code := range []uint32{0, 1, 99, 115, 116, 117, 400, 1999, 1<<32 - 1} {
		e.loops[0].counters.refused(code)
	}
	st, sum := e.Stats(), int64(9)
	for i, err := range protocol.Errors() {
		sum += int64(i + 1)
		if st.ErrorCodes[err.Code] != int64(i+1) {
			t.Errorf("%d: %d", err.Code, st.ErrorCodes[err.Code])
		}
	}
	if st.ErrorCodes[0] != 9 || st.Errors != sum || len(st.ErrorCodes) != len(protocol.Errors())+1 {
		t.Errorf("%d of %d: %v", st.Errors, sum, st.ErrorCodes)
	}
}

// TestEveryOpHasACommandName: no operation of a room is logged without a name.
func TestEveryOpHasACommandName(t *testing.T) {
	for op := room.Join; op <= room.History; op++ {
		if commandName(op) == "" {
			t.Errorf("%d has none", op)
		}
	}
}
