package edge

import (
	"testing"
	"unsafe"
)

// TestSessionSize holds the memory of an idle connection: one allocation of the 128-byte class.
func TestSessionSize(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > 128 {
		t.Errorf("a session has %d bytes", n)
	}
}

func TestMemberships(t *testing.T) {
	s := &session{}
	names := []string{"a", "b", "c", "d"}
	for i, name := range names {
		s.add(name, false)
		if s.rooms() != i+1 {
			t.Fatalf("%d rooms after %d", s.rooms(), i+1)
		}
	}
	for _, name := range []string{"b", "a", "d", "c"} {
		m := s.find(name)
		if m == nil || m.room.Value() != name {
			t.Fatalf("%s is not found", name)
		}
		s.remove(m)
		if s.find(name) != nil {
			t.Fatalf("%s is still there", name)
		}
	}
	if s.rooms() != 0 || s.more != nil {
		t.Errorf("%d rooms are left", s.rooms())
	}
}

// TestAnswersOfAReplacedMembershipAreIgnored: an answer to the join of a former membership does not change the new one.
func TestAnswersOfAReplacedMembershipAreIgnored(t *testing.T) {
	s := &session{}
	tok := func(m membership) token { return token(joinToken(7, m.serial, 0)) }
	first := s.add("a", false)
	s.remove(s.find("a"))
	second := s.add("a", false)

	s.markJoined("a", tok(first))
	s.removeJoined("a")
	s.removeRefused("a", tok(first))
	if m := s.find("a"); m == nil || m.joined || m.serial != second.serial {
		t.Fatalf("an answer to the first changed the second: %+v", m)
	}
	s.markJoined("a", tok(second))
	s.removeJoined("a")
	if s.find("a") != nil {
		t.Error("expelled, and still there")
	}
	third := s.add("a", false)
	s.removeRefused("a", tok(third))
	if s.find("a") != nil {
		t.Error("refused, and still there")
	}
}

func TestToken(t *testing.T) {
	tok := token(joinToken(1<<32-1, serialMax, flag(tokenRecoverable, true)|flag(tokenPositioned, false)|tokenWatch))
	if tok.id() != 1<<32-1 || tok.serial() != serialMax || !tok.recoverable() || tok.positioned() || !tok.watch() {
		t.Errorf("%x", uint64(tok))
	}
	if next := token(tok.nextPage()); next.id() != 0 || next.serial() != serialMax || !next.page() || !next.watch() {
		t.Errorf("the next page: %x", uint64(next))
	}
	s := &session{serial: serialMax}
	if m := s.add("a", false); m.serial != 1 {
		t.Errorf("serial %d: 0 means none", m.serial)
	}
}

// TestFirstRoomNeedsNoList: a session in one room, as most are, holds its membership itself.
func TestFirstRoomNeedsNoList(t *testing.T) {
	var s session
	if s.add("first", false); s.more != nil || s.first.serial == 0 {
		t.Errorf("the first membership is in the list: %+v", s)
	}
	if s.add("second", false); s.more == nil || len(*s.more) != 1 || s.rooms() != 2 {
		t.Errorf("the second membership is not in the list: %+v", s)
	}
}
