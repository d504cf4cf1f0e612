//go:build !windows

package netpoll

import (
	"sync/atomic"

	"github.com/throngd/throng/frame"
)

// Limits counts how often each bound of a Server and its Endpoints was reached since Listen. The fields have the names
// of the settings. Bounds for which connections are not admitted are in Refusals.
type Limits struct {
	HeaderTimeout       int64 // connections answered 408, or whose PROXY header took too long
	MaxHeader           int64 // requests answered 431 or 414
	MaxHeaderMemory     int64 // connections answered 503, or closed in the middle of a PROXY header or a ClientHello
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

// limitCounters are the Limits of a loop.
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

// violated counts an error of package frame that is due to a bound.
func (t *limitCounters) violated(e *frame.Error) {
	switch e.Code {
	case frame.CloseTooBig:
		t.maxMessage.Add(1)
	case frame.ClosePolicy:
		t.maxFragments.Add(1)
	}
}
