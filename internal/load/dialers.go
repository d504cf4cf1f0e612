package load

import (
	"net/netip"
	"net/url"

	"github.com/throngd/throng/netpoll"
)

// dialers choose the source address and the URL of each client.
type dialers struct {
	common   netpoll.Dialer
	bySource []*netpoll.Dialer // unless the room is part of the URL
	sources  []netip.AddrPort
	rooms    bool
}

func newDialers(o Options, d *netpoll.Dialer) *dialers {
	ds := &dialers{common: *d, sources: o.sources, rooms: o.Protocol == Rooms}
	if len(ds.sources) == 0 {
		ds.sources = []netip.AddrPort{{}}
	}
	for _, s := range ds.sources {
		one := ds.common
		one.Local = s
		ds.bySource = append(ds.bySource, &one)
	}
	return ds
}

func (ds *dialers) of(cl *client) *netpoll.Dialer {
	d := ds.bySource[int(cl.ID)%len(ds.bySource)]
	if !ds.rooms {
		return d
	}
	one := *d
	u, err := url.ParseRequestURI(d.Path)
	if err != nil {
		return d
	}
	q := u.Query()
	q.Set("room", cl.room.Name)
	u.RawQuery = q.Encode()
	one.Path = u.RequestURI()
	return &one
}
