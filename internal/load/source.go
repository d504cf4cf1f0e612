package load

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/netpoll"
)

// portsPerSource is how many connections one source address is given: connecting slows down when
// more than about half of the ephemeral ports to one destination are in use.
const portsPerSource = 14_000

const maxSources = 1 << 16

// parseSource reads --source: addresses and ranges, with commas between them.
func (o *Options) parseSource() error {
	o.sources = nil
	if o.Source == "" {
		return nil
	}
	for part := range strings.SplitSeq(o.Source, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		first, err1 := netip.ParseAddr(from)
		last, err2 := netip.ParseAddr(to)
		if err1 != nil || err2 != nil || first.Is4() != last.Is4() || last.Less(first) {
			return clierr.Usagef("write it as 127.0.0.2-127.0.0.40 or 10.0.0.1,10.0.0.2", "--source %q cannot be read", part)
		}
		for a := first; ; a = a.Next() {
			if len(o.sources) == maxSources {
				return clierr.Usagef("a few dozen are enough for a million connections", "--source has more than %d addresses", maxSources)
			}
			o.sources = append(o.sources, netip.AddrPortFrom(a, 0))
			if a == last {
				break
			}
		}
	}
	return nil
}

// chooseSources takes as many addresses of 127.0.0.0/8 as the connections need, when the target
// is on this machine and there is no --source.
func (o *Options) chooseSources(server netip.Addr) {
	if len(o.sources) > 0 || !server.IsLoopback() || !server.Is4() || o.Connections <= portsPerSource {
		return
	}
	for i := range uint32(o.Connections/portsPerSource + 1) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], 0x7f000002+i)
		o.sources = append(o.sources, netip.AddrPortFrom(netip.AddrFrom4(b), 0))
	}
}

// chooseAddress reduces the addresses of a host name to the first one at which the server answers. A name may have
// addresses on which the server does not listen (localhost is ::1 and 127.0.0.1), and the run is to measure the server
// and not connects that fail. If none answers, all stay and the first dial of the run reports the error.
func chooseAddress(ctx context.Context, d *netpoll.Dialer) {
	if len(d.Fallback) == 0 {
		return
	}
	for _, a := range append([]netip.AddrPort{d.Addr}, d.Fallback...) {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.String()); err == nil {
			_ = conn.Close()
			d.Addr, d.Fallback = a, nil
			return
		}
	}
}
