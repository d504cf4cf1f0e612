package upgrade

import (
	"strings"
	"testing"
)

// TestFieldsByValue has a row for each rule of the RFCs about the fields of an upgrade: case, lines and empty elements make
// no difference.
func TestFieldsByValue(t *testing.T) {
	const (
		upgrade    = "Upgrade: websocket"
		connection = "Connection: Upgrade"
		host       = "Host: good.example"
		version    = "Sec-WebSocket-Version: 13"
		deflate    = "permessage-deflate"
	)
	tests := []struct {
		section, request string
		status           int
	}{
		// RFC 9110, section 8.6: Content-Length: 0 says that there is no content.
		{"9110 8.6 no content", add("Content-Length: 0\r\n"), 101},
		{"9110 8.6 in any case", add("content-LENGTH:0 \r\n"), 101},
		{"9110 8.6 leading zeros", add("Content-Length: 000\r\n"), 101},
		{"9110 8.6 the same twice", add("Content-Length: 0\r\nContent-Length: 0\r\n"), 101},
		{"9110 8.6 the same in a list", add("Content-Length: 0, 0\r\n"), 101},
		{"9110 8.6 before the upgrade", strings.Replace(good, host, "Content-Length: 0\r\n"+host, 1), 101},
		{"9110 8.6 content", add("Content-Length: 5\r\n"), 400},
		{"9110 8.6 content before", strings.Replace(good, host, "Content-Length: 5\r\n"+host, 1), 400},
		{"9110 8.6 two different", add("Content-Length: 0\r\nContent-Length: 5\r\n"), 400},
		{"9110 8.6 two different in a list", add("Content-Length: 0, 5\r\n"), 400},
		{"9110 8.6 negative", add("Content-Length: -0\r\n"), 400},
		{"9110 8.6 signed", add("Content-Length: +0\r\n"), 400},
		{"9110 8.6 hexadecimal", add("Content-Length: 0x0\r\n"), 400},
		{"9110 8.6 empty", add("Content-Length:\r\n"), 400},
		{"9110 8.6 empty element", add("Content-Length: 0,\r\n"), 400}, // it is no list (5.6.1)
		{"9110 8.6 no number", add("Content-Length: 0 0\r\n"), 400},
		{"9112 6.1 Transfer-Encoding", add("Transfer-Encoding: chunked\r\n"), 400},
		{"9112 6.1 Transfer-Encoding: identity", add("Transfer-Encoding: identity\r\n"), 400},
		{"9112 6.1 with Content-Length", add("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400},

		// RFC 9110, sections 5.3 (several lines), 5.6.1 (empty elements), 5.6.3 (white space), 7.8.
		{"9110 7.8 protocols", swap(upgrade, "Upgrade: websocket, h2c"), 101},
		{"9110 7.8 protocols, other first", swap(upgrade, "Upgrade: h2c,WebSocket"), 101},
		{"9110 5.3 protocols", swap(upgrade, "Upgrade: h2c\r\nUpgrade: websocket"), 101},
		{"9110 5.6.1 protocols", swap(upgrade, "Upgrade: , websocket,,"), 101},
		{"9110 5.6.3 white space", swap(upgrade, "Upgrade: \t websocket\t ,\th2c"), 101},
		{"9110 7.8 other version", swap(upgrade, "Upgrade: websocket/2"), 400},
		{"9110 7.8 none", swap(upgrade, "Upgrade: h2c"), 400},
		{"9110 7.8 empty", swap(upgrade, "Upgrade:"), 400},
		{"9110 7.8 part of a word", swap(upgrade, "Upgrade: websockets, xwebsocket"), 400},

		// RFC 9110, section 7.6.1: Connection is a list of tokens in any case.
		{"9110 7.6.1 options", swap(connection, "Connection: keep-alive, Upgrade"), 101},
		{"9110 7.6.1 any case", swap(connection, "CONNECTION: Keep-Alive,uPgRaDe"), 101},
		{"9110 5.3 options", swap(connection, "Connection: keep-alive\r\nConnection: upgrade"), 101},
		{"9110 5.3 options, other order", swap(connection, "Connection: upgrade\r\nConnection: keep-alive"), 101},
		{"9110 5.6.1 options", swap(connection, "Connection: ,\r\nConnection:\r\nConnection: ,Upgrade,"), 101},
		{"9110 7.6.1 none", swap(connection, "Connection: keep-alive\r\nConnection: x-upgrade"), 400},
		{"9110 7.6.1 empty", swap(connection, "Connection:"), 400},
		{"9110 7.6.1 no token", swap(connection, "Connection: \"Upgrade\""), 400},

		// RFC 9112, section 3.2: Host; RFC 9110, section 7.2.
		{"9112 3.2 port", swap(host, "Host: good.example:8080"), 101},
		{"9110 7.2 empty port", swap(host, "Host: good.example:"), 101}, // port = *DIGIT
		{"9110 7.2 IPv6", swap(host, "Host: [2001:db8::1]:8080"), 101},
		{"9112 3.2 none", swap(host+"\r\n", ""), 400},
		{"9112 3.2 two", swap(host, host+"\r\n"+host), 400},
		{"9112 3.2 list", swap(host, "Host: good.example, good.example"), 400},
		{"9112 3.2 empty", swap(host, "Host:"), 400},
		{"9112 3.2 only a port", swap(host, "Host: :"), 400},

		// RFC 9112, section 3.2.2: the absolute form replaces Host, which must still be there (3.2).
		{"9112 3.2.2 other Host", swap("/ws?room=a", "http://other.example/ws"), 101},
		{"9112 3.2.2 https", swap("/ws?room=a", "HTTPS://other.example:8443/ws"), 101},
		{"9112 3.2.2 malformed Host", strings.Replace(swap("/ws?room=a", "http://good.example/ws"), host, "Host: a/b", 1), 101},
		{"9112 3.2.2 empty Host", strings.Replace(swap("/ws?room=a", "http://good.example/ws"), host, "Host:", 1), 101},
		{"9112 3.2.2 no Host", strings.Replace(swap("/ws?room=a", "http://good.example/ws"), host+"\r\n", "", 1), 400},
		{"9112 3.2.2 Origin of the target", strings.Replace(add("Origin: http://other.example\r\n"), "/ws?room=a", "http://other.example/ws", 1), 101},
		{"9112 3.2.2 Origin of Host", strings.Replace(add("Origin: http://good.example\r\n"), "/ws?room=a", "http://other.example/ws", 1), 403},
		{"9110 4.2.3 empty path", swap("/ws?room=a", "http://good.example"), 404}, // there is no endpoint /
		{"9110 4.2.3 empty path, query", swap("/ws?room=a", "http://good.example?room=a"), 404},
		{"9110 4.2.4 user", swap("/ws?room=a", "http://a:b@good.example/ws"), 400},
		{"9110 4.2.1 no host", swap("/ws?room=a", "http:///ws"), 400},
		{"6455 4.2.1 other scheme", swap("/ws?room=a", "ftp://good.example/ws"), 400},

		// RFC 9112, section 2.2: empty lines in front of a request.
		{"9112 2.2 one", "\r\n" + good, 101},
		{"9112 2.2 as many as there may be", strings.Repeat("\r\n", maxEmptyLines) + good, 101},
		{"9112 2.2 one more", strings.Repeat("\r\n", maxEmptyLines+1) + good, 400},
		{"9112 2.2 white space", "\r\n " + good, 400},

		// RFC 9110, section 10.1.1.
		{"9110 10.1.1 100-continue", add("Expect: 100-continue\r\n"), 101},
		{"9110 10.1.1 in any case", add("expect: 100-Continue,\r\n"), 101},
		{"9110 10.1.1 empty", add("Expect:\r\n"), 101},
		{"9110 10.1.1 other", add("Expect: 200-ok\r\n"), 417},
		{"9110 10.1.1 other, second line", add("Expect: 100-continue\r\nExpect: more\r\n"), 417},

		// RFC 6455, section 4.2.1 and 11.3: fields that must not appear twice, and fields that are lists.
		{"6455 11.3.1 two keys", add("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400},
		{"6455 11.3.5 two versions", add(version + "\r\n"), 400},
		{"6455 4.4 version", swap(version, "Sec-WebSocket-Version:13\t"), 101},
		{"6455 4.4 versions", swap(version, "Sec-WebSocket-Version: 13, 8"), 426},
		{"6455 4.4 empty", swap(version, "Sec-WebSocket-Version:"), 426},
		{"6455 11.3.4 no offer", add("Sec-WebSocket-Protocol:\r\n"), 101},
		{"6455 11.3.4 no offer in two lines", add("Sec-WebSocket-Protocol: ,\r\nSec-WebSocket-Protocol:\r\n"), 101},
		{"6455 11.3.4 empty elements", add("Sec-WebSocket-Protocol: ,chat.v1,\r\nSec-WebSocket-Protocol:\r\n"), 101},
		{"6455 11.3.4 no token", add("Sec-WebSocket-Protocol: chat v1\r\n"), 400},
		{"6455 11.3.4 no token, second line", add("Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Protocol: a/b\r\n"), 400},
		{"6455 11.3.2 no offer", add("Sec-WebSocket-Extensions:\r\n"), 101},
		{"6455 11.3.2 no offer in two lines", add("Sec-WebSocket-Extensions: ,\r\nSec-WebSocket-Extensions:\r\n"), 101},
		{"6455 11.3.2 two lines", add("Sec-WebSocket-Extensions: x-foo\r\nSec-WebSocket-Extensions: ," + deflate + ",\r\n"), 101},
		{"6455 9.1 quoted value", add("Sec-WebSocket-Extensions: x-foo; a=\"b\\c\" ; d , " + deflate + "\r\n"), 101},
		{"6455 9.1 quoted value no token", add("Sec-WebSocket-Extensions: x-foo; a=\"b,c\"\r\n"), 400},
		{"6455 9.1 quoted value empty", add("Sec-WebSocket-Extensions: x-foo; a=\"\"\r\n"), 400},
		{"6455 9.1 value empty", add("Sec-WebSocket-Extensions: x-foo; a=\r\n"), 400},
		{"6455 9.1 open quote", add("Sec-WebSocket-Extensions: x-foo; a=\"b\r\n"), 400},
		{"6455 9.1 two names", add("Sec-WebSocket-Extensions: x-foo " + deflate + "\r\n"), 400},
		{"6455 9.1 no name", add("Sec-WebSocket-Extensions: ;a=b\r\n"), 400},

		// RFC 6454, section 7.3: one Origin at most. Browsers always give it a value.
		{"6454 7.3 empty", add("Origin:\r\n"), 101},
		{"6454 7.3 two", add("Origin: http://good.example\r\nOrigin: http://good.example\r\n"), 400},
		{"6454 7.3 list", add("Origin: http://good.example http://good.example\r\n"), 403},
	}
	for _, tt := range tests {
		t.Run(tt.section, func(t *testing.T) {
			_, response := eachChunking(t, tt.request)
			if response == "" {
				t.Fatal("no answer")
			}
			if got := parse(t, response).StatusCode; got != tt.status {
				t.Errorf("%d, want %d: %q", got, tt.status, response)
			}
		})
	}
}

// TestContinueBeforeSwitch: the 100 comes before the 101 (RFC 9110, section 7.8).
func TestContinueBeforeSwitch(t *testing.T) {
	_, response := eachChunking(t, add("Expect: 100-continue\r\n"))
	if !strings.HasPrefix(response, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 ") {
		t.Errorf("%q", response)
	}
	if _, plain := eachChunking(t, good); strings.Contains(plain, "100 Continue") {
		t.Errorf("%q", plain)
	}
}

// TestSubprotocolOverLines: the first one offered that the endpoint has is chosen, over all lines.
func TestSubprotocolOverLines(t *testing.T) {
	_, response := eachChunking(t, add("Sec-WebSocket-Protocol: ,\r\nsec-websocket-protocol: x, ,chat.v1\r\nSec-WebSocket-Protocol: chat.v2\r\n"))
	if got := parse(t, response).Header.Get("Sec-WebSocket-Protocol"); got != "chat.v1" {
		t.Errorf("%q in %q", got, response)
	}
}

// TestEmptyLinesBeforePlainHTTP: net/http does not skip empty lines, so it must not get them.
func TestEmptyLinesBeforePlainHTTP(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	v, response := eachChunking(t, "\r\n\r\n"+request)
	if v.kind != plainHTTP || v.skipped != 4 || v.used != 4+len(request) || response != "" {
		t.Errorf("%+v %q", v, response)
	}
}
