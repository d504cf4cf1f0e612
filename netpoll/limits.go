//go:build !windows

package netpoll

import (
	"sync/atomic"

	"github.com/throngd/throng/frame"
)

// Limits are how often the bounds of a Server and its Endpoints were met since Listen, each by
// the name of its field; those that keep connections out are in Refusals.
type Limits struct {
	HeaderTimeout       int64 // connections answered 408, or whose PROXY header took too long
	MaxHeader           int64 // requests answered 431 or 414
	MaxHeaderMemory     int64 // connections answered 503, or whose PROXY header came while it was met
	HelloTimeout        int64 // connections closed
	TLSHandshakeTimeout int64 // connections closed
	MaxHTTP             int64 // requests answered 503
	MessageTimeout      int64 // connections closed with 1008
	MaxMessage          int64 // connections closed with 1009
	MaxFragments        int64 // connections closed with 1008
	MaxControls         int64 // connections closed with 1008
	PongTimeout         int64 // connections closed with PongCode
	MaxBacklog          int64 // connections closed with SlowCode
	MaxBacklogAge       int64 // connections closed with SlowCode
	MaxBacklogMemory    int64 // connections closed with SlowCode
}

// limitCounters is what a loop counts of them.
type limitCounters struct {
	headerTimeout, helloTimeout, tlsHandshakeTimeout, maxHTTP atomic.Int64
	maxHeader, headerMemory                                   atomic.Int64
	messageTimeout, maxMessage, maxFragments, maxControls     atomic.Int64
	pongTimeout, maxBacklog, maxBacklogAge                    atomic.Int64
	maxBacklogMemory                                          atomic.Int64
}

func (t *limitCounters) addTo(sum *Limits) {
	sum.HeaderTimeout += t.headerTimeout.Load()
	sum.MaxHeader += t.maxHeader.Load()
	sum.MaxHeaderMemory += t.headerMemory.Load()
	sum.HelloTimeout += t.helloTimeout.Load()
	sum.TLSHandshakeTimeout += t.tlsHandshakeTimeout.Load()
	sum.MaxHTTP += t.maxHTTP.Load()
	sum.MessageTimeout += t.messageTimeout.Load()
	sum.MaxMessage += t.maxMessage.Load()
	sum.MaxFragments += t.maxFragments.Load()
	sum.MaxControls += t.maxControls.Load()
	sum.PongTimeout += t.pongTimeout.Load()
	sum.MaxBacklog += t.maxBacklog.Load()
	sum.MaxBacklogAge += t.maxBacklogAge.Load()
	sum.MaxBacklogMemory += t.maxBacklogMemory.Load()
}

// violated counts what package frame refuses because of a bound.
func (t *limitCounters) violated(e *frame.Error) {
	switch e.Code {
	case frame.CloseTooBig:
		t.maxMessage.Add(1)
	case frame.ClosePolicy:
		t.maxFragments.Add(1)
	}
}
