package edge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/throngd/throng/frame"
)

// BenchmarkPublish measures one message from the publisher's socket to its reply and to the members. The allocations must
// not depend on the number of members: none per delivery and per received frame, a few per message.
func BenchmarkPublish(b *testing.B) {
	for _, members := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			e, url := serve(b, nil)
			hello := `{"id":1,"connect":{"token":"x"}}` + "\n" + `{"id":2,"subscribe":{"channel":"r"}}`
			for range members {
				go io.Copy(io.Discard, wire(b, url, hello))
			}
			for e.Hub().Stats().Members < int64(members) {
				time.Sleep(time.Millisecond)
			}
			c := wire(b, url, `{"id":1,"connect":{"token":"x"}}`)
			publish := frame.AppendMaskedFrame(nil, frame.OpText, []byte(`{"id":3,"publish":{"channel":"r","data":{"text":"hello, everybody"}}}`), [4]byte{1, 2, 3, 4})
			answer, buf := []byte(`"id":3`), make([]byte, 64<<10)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(publish); err != nil {
					b.Fatal(err)
				}
				for {
					n, err := c.Read(buf)
					if err != nil {
						b.Fatal(err)
					}
					if bytes.Contains(buf[:n], answer) {
						break
					}
				}
			}
		})
	}
}

// wire is a connection that has sent connect and subscribe in one frame.
func wire(b *testing.B, url, hello string) net.Conn {
	b.Helper()
	c, _, _, err := ws.Dial(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write(frame.AppendMaskedFrame(nil, frame.OpText, []byte(hello), [4]byte{1, 2, 3, 4})); err != nil {
		b.Fatal(err)
	}
	return c
}
