package edge

import (
	"testing"

	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// TestRoomErrorsKeepCodeAndTemporary: an error that may pass, or that other clients cause, is temporary, because
// the SDKs end a subscription for good after any other error.
func TestRoomErrorsKeepCodeAndTemporary(t *testing.T) {
	for _, tt := range []struct {
		err       *room.Error
		code      uint32
		temporary bool
	}{
		{room.ErrTemporary, 100, true},
		{room.ErrAlreadyJoined, 105, false},
		{room.ErrLimit, 106, true},
		{room.ErrInvalid, 107, false},
		{room.ErrNotMember, 108, false},
		{room.ErrUnavailable, 108, false},
		{room.ErrLeft, 111, true},
		{room.ErrClosed, 111, true},
		{room.ErrBusy, 111, true},
		{room.ErrUnrecoverable, 112, false},
	} {
		if got := roomError(tt.err); got.Code != tt.code || got.Temporary != tt.temporary {
			t.Errorf("%v: %+v, want %d, temporary: %v", tt.err, got, tt.code, tt.temporary)
		}
	}
	if protocol.ErrLimitExceeded.Temporary {
		t.Error("the limit of one's own rooms is one's own doing")
	}
}

// TestCancelledSubscribeIsTemporary: a subscribe that was cancelled while it was queued is answered with a temporary error, so
// that an SDK subscribes again; the subscribe after it is executed.
func TestCancelledSubscribeIsTemporary(t *testing.T) {
	_, url := serve(t, nil)
	p := connect(t, url, "A")
	p.send(`{"id":2,"subscribe":{"channel":"forced:a","recover":true,"epoch":"_"}}` + "\n" +
		`{"id":3,"subscribe":{"channel":"forced:b","recover":true,"epoch":"_"}}` + "\n" +
		`{"id":4,"unsubscribe":{"channel":"forced:b"}}` + "\n" +
		`{"id":5,"subscribe":{"channel":"forced:b","recover":true,"epoch":"_"}}`)
	p.find(`{"id":3,"error":{"code":111,"message":"too many requests","temporary":true}}`)
	p.find(`{"id":4,"unsubscribe":{}}`)
	p.find(`{"id":2,"subscribe":{*}}`)
	p.find(`{"id":5,"subscribe":{*"was_recovering":true}}`)
	p.send(`{"id":6,"publish":{"channel":"forced:b","data":1}}`)
	p.until(`{"push":{"channel":"forced:b","pub":{*}}}`)
}

// TestTooManyRoomsIsTemporary: a client cannot prevent that the process reaches max_rooms, so the error is temporary.
func TestTooManyRoomsIsTemporary(t *testing.T) {
	_, url := serve(t, func(c *Config) { c.Hub.MaxRooms = 1 })
	a, b := connect(t, url, "A"), connect(t, url, "B")
	a.send(`{"id":2,"subscribe":{"channel":"one"}}`)
	a.expect(`{"id":2,"subscribe":{*}}`)
	b.send(`{"id":2,"subscribe":{"channel":"two"}}` + "\n" + `{"id":3,"publish":{"channel":"two","data":1}}`)
	b.find(`{"id":2,"error":{"code":106,"message":"limit exceeded","temporary":true}}`)
	b.find(`{"id":3,"error":{"code":106,"message":"limit exceeded","temporary":true}}`)
}
