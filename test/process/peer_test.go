//go:build linux

package process

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// peer is a client on a plain socket, so that a test can stop it at any byte.
type peer struct {
	conn net.Conn
	r    *bufio.Reader
}

// closedError is the error of a close frame from the server.
type closedError struct {
	code   frame.CloseCode
	reason string
}

func (e *closedError) Error() string { return fmt.Sprintf("closed with %d %s", e.code, e.reason) }

const upgrade = "GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// dial upgrades and connects.
func dial(addr string) (*peer, error) { return dialWith(addr, &net.Dialer{Timeout: patience}) }

func dialWith(addr string, d *net.Dialer) (*peer, error) {
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	p := &peer{conn: c, r: bufio.NewReaderSize(c, 4<<10)}
	if err := p.connect(); err != nil {
		_ = c.Close()
		return nil, err
	}
	return p, nil
}

func (p *peer) connect() error {
	_ = p.conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(p.conn, upgrade); err != nil {
		return err
	}
	status := ""
	for line := "-"; line != "\r\n"; {
		var err error
		if line, err = p.r.ReadString('\n'); err != nil {
			return err
		}
		if status == "" {
			status = strings.TrimSpace(line)
		}
	}
	if !strings.Contains(status, " 101 ") {
		return errors.New(status)
	}
	if err := p.send(`{"id":1,"connect":{}}`); err != nil {
		return err
	}
	_, err := p.await(`{"id":1,"connect":{`)
	_ = p.conn.SetDeadline(time.Time{})
	return err
}

func (p *peer) send(text string) error {
	_, err := p.conn.Write(frame.AppendMaskedFrame(nil, frame.OpText, []byte(text), [4]byte{1, 2, 3, 4}))
	return err
}

// next returns the next message. It answers pings.
func (p *peer) next() (string, error) {
	for {
		h, err := ws.ReadHeader(p.r)
		if err != nil {
			return "", err
		}
		b := make([]byte, h.Length)
		if _, err := io.ReadFull(p.r, b); err != nil {
			return "", err
		}
		switch {
		case h.OpCode == ws.OpClose:
			code, reason := frame.ParseClose(b)
			return "", &closedError{code, reason}
		case h.OpCode != ws.OpText || !h.Fin || h.Masked || h.Rsv != 0:
			return "", fmt.Errorf("a malformed frame: %+v", h)
		case string(b) == "{}":
			if err := p.send("{}"); err != nil {
				return "", err
			}
		default:
			return string(b), nil
		}
	}
}

// await skips messages until one begins with prefix.
func (p *peer) await(prefix string) (string, error) {
	for {
		text, err := p.next()
		if err != nil || strings.HasPrefix(text, prefix) {
			return text, err
		}
	}
}

// subscription is a part of the reply to a subscribe command.
type subscription struct {
	Epoch        string
	Offset       uint64
	Recovered    bool
	Publications []struct{ Offset uint64 }
}

// subscribe joins a room, resuming from a position if epoch is not empty.
func (p *peer) subscribe(room, epoch string, offset uint64) (s subscription, err error) {
	cmd := fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q}}`, room)
	if epoch != "" {
		cmd = fmt.Sprintf(`{"id":2,"subscribe":{"channel":%q,"recover":true,"epoch":%q,"offset":%d}}`, room, epoch, offset)
	}
	if err := p.send(cmd); err != nil {
		return s, err
	}
	text, err := p.await(`{"id":2,`)
	if err != nil {
		return s, err
	}
	var reply struct {
		Subscribe *subscription
	}
	if err := json.Unmarshal([]byte(text), &reply); err != nil || reply.Subscribe == nil {
		return s, fmt.Errorf("subscribe: %.200s (%v)", text, err)
	}
	return *reply.Subscribe, nil
}

// join dials and subscribes. It fails the test if that fails.
func join(t testing.TB, addr, room string) *peer {
	t.Helper()
	p, err := dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.conn.Close() })
	if _, err := p.subscribe(room, "", 0); err != nil {
		t.Fatal(err)
	}
	return p
}
