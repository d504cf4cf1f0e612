package upgrade

import (
	"fmt"
	"strings"
	"testing"
)

// chromeRequest is what Chrome 140 sends to a server on this machine.
const chromeRequest = "GET /ws HTTP/1.1\r\nHost: localhost:8080\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"Upgrade: websocket\r\nOrigin: http://localhost:8080\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

func BenchmarkUpgrade(b *testing.B) {
	for _, compression := range []bool{false, true} {
		b.Run(fmt.Sprintf("deflate=%v", compression), func(b *testing.B) {
			u := &server{Upgrader: Upgrader{Endpoints: []Endpoint{{Path: "/ws", Compression: compression}}}}
			in, dst := []byte(chromeRequest), make([]byte, 0, 1024)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				var scan Scan
				if v, _ := u.run(dst, in, &scan); v.kind != accepted {
					b.Fatal(v)
				}
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	in := []byte(chromeRequest)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		var scan Scan
		scanHeaders(in, DefaultMaxHeader, &scan)
	}
}

// BenchmarkScanBytewise must cost about the same per byte as BenchmarkScan with a
// constant: linear, however small the pieces.
func BenchmarkScanBytewise(b *testing.B) {
	for _, n := range []int{1 << 10, 2 << 10, 4 << 10, 8 << 10, 32 << 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			in := []byte("GET / HTTP/1.1\r\nX: " + strings.Repeat("a", n-30))
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				var scan Scan
				for i := range in {
					scanHeaders(in[:i+1], DefaultMaxHeader, &scan)
				}
			}
		})
	}
}
