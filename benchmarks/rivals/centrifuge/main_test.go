//go:build linux

package main

import (
	"bytes"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/benchmarks/internal/crowd"
	"github.com/throngd/throng/benchmarks/internal/wire"
)

// TestJoinsAreNotSent: no client gets join messages, whether or not it requests them. With ten thousand members of one room
// the library would send fifty million of them, or check as often whether a member has requested them.
func TestJoinsAreNotSent(t *testing.T) {
	handler, err := serve(25 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	defer s.Close()
	for _, asked := range []bool{false, true} {
		if joins := joinsHeard(t, s.Listener.Addr().String(), asked); joins {
			t.Errorf("asked for joins: %v, and got some", asked)
		}
	}
}

// joinsHeard reports whether the first of two members gets the join of the second before a later message.
func joinsHeard(t *testing.T, addr string, asked bool) (joins bool) {
	p, err := wire.NewProtocol("centrifuge", "")
	if err != nil {
		t.Fatal(err)
	}
	if asked {
		p = curious{p}
	}
	c, err := crowd.New(crowd.Config{Addr: netip.MustParseAddrPort(addr), Protocol: p, Size: 40})
	if err != nil {
		t.Fatal(err)
	}
	heard := false
	c.Deliver = func(id int32, _ uint32) { heard = heard || id == 0 }
	c.Other = func(id int32, payload []byte) { joins = joins || id == 0 && bytes.Contains(payload, []byte(`"join":`)) }
	if err := c.Grow(2, func(int) string { return t.Name() }); err != nil {
		t.Fatal(err)
	}
	c.Send(1, wire.NewTemplate(p.Publish(t.Name(), wire.Body(40))).Frame)
	for end := time.Now().Add(10 * time.Second); !heard && time.Now().Before(end); {
		if err := c.Turn(time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if !heard {
		t.Fatal("the message did not come")
	}
	return joins
}

// curious is a protocol whose clients request join messages.
type curious struct{ wire.Protocol }

func (c curious) Hello(room string) []byte {
	return []byte(strings.Replace(string(c.Protocol.Hello(room)), `{"channel"`, `{"join_leave":true,"channel"`, 1))
}
