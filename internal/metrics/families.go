package metrics

import (
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
)

// families is every metric of throng: a metric is declared here and nowhere else in this package.
var families = []family{
	buildInfo(),

	gauge("connections", "Connections now, those in a handshake included.",
		func(s *Snapshot) int64 { return s.Network.Conns }),
	gauge("http_connections", "Connections now with a plain HTTP request, which connections does not include.",
		func(s *Snapshot) int64 { return s.Network.AtHTTP }),
	gauge("sessions", "Open connections now that speak the chat protocol.",
		func(s *Snapshot) int64 { return s.Edge.Sessions }),
	gauge("tls_handshakes", "TLS handshakes in flight now.",
		func(s *Snapshot) int64 { return s.Network.TLSHandshakes }),
	gauge("rooms", "Rooms with members or history now.",
		func(s *Snapshot) int64 { return s.Rooms.Rooms }),
	gauge("forgotten_rooms", "Rooms without members and messages, now, whose highest lost offset is kept.",
		func(s *Snapshot) int64 { return s.Rooms.Forgotten }),
	gauge("room_members", "Memberships of all rooms now.",
		func(s *Snapshot) int64 { return s.Rooms.Members }),
	gauge("queue_bytes", "Bytes that wait now in the mailboxes of the event loops.",
		func(s *Snapshot) int64 { return s.Network.Queued }),
	gauge("backlog_bytes", "Bytes that wait now for slow readers, shared ones counted for each of them.",
		func(s *Snapshot) int64 { return s.Network.Backlog }),
	gauge("backlog_memory_bytes", "Memory of the bytes that wait now for slow readers, those shared by several readers of a loop counted once.",
		func(s *Snapshot) int64 { return s.Network.BacklogMemory }),
	gauge("history_bytes", "Bytes of history in memory now.",
		func(s *Snapshot) int64 { return s.Rooms.HistoryBytes }),
	gauges("waiting_commands", "Commands that wait now, for their room or for the log.", "place",
		func(s *Snapshot, add func(string, float64)) {
			add("room", float64(s.Rooms.Waiting))
			add("log", float64(s.Rooms.InFlight))
			add("leave", float64(s.Rooms.Leaving))
		}),

	counter("connections_accepted_total", "Connections accepted.",
		func(s *Snapshot) int64 { return s.Network.Accepted }),
	counter("accept_errors_total", "Failed accepts for lack of descriptors or memory.",
		func(s *Snapshot) int64 { return s.Network.AcceptErrors }),
	counters("connections_refused_total", "Connections refused or closed by a limit.", "limit",
		func(s *Snapshot, add func(string, float64)) {
			r := &s.Network.Refusals
			add("connections", float64(r.Full))
			add("lag", float64(r.Lagging))
			add("ip", float64(r.PerIP))
			add("ip_rate", float64(r.PerIPRate))
			add("handshakes", float64(r.TLSHandshakes))
			add("proxy_header", float64(r.BadProxy))
			add("displaced", float64(r.Displaced))
		}),
	counter("accept_pauses_total", "Pauses of accepting for the accept rate; no connection is refused.",
		func(s *Snapshot) int64 { return s.Network.Refusals.Paced }),
	counters("limit_hits_total", "How often a limit was reached, by the key of the configuration that sets it. flood counts connections closed because they continued above commands_per_second or bytes_per_second.", "limit",
		func(s *Snapshot, add func(string, float64)) {
			for limit, n := range s.limits() {
				add(limit, float64(n))
			}
		}),
	counters("requests_total", "First requests of connections by result.", "result",
		func(s *Snapshot, add func(string, float64)) {
			n := &s.Network
			add("upgraded", float64(n.Upgraded))
			add("http", float64(n.Detached))
			add("refused_4xx", float64(n.Refused4xx))
			add("refused_5xx", float64(n.Refused5xx))
		}),
	counters("requests_refused_total", "Requests that were answered with an error instead of an upgrade, by reason.", "reason",
		func(s *Snapshot, add func(string, float64)) {
			for why, n := range s.Network.RefusedFor {
				add(upgrade.Cause(why).String(), float64(n))
			}
		}),
	counters("disconnects_total", "WebSocket connections that ended, by close code; other counts all codes that are not of the protocol.", "code",
		func(s *Snapshot, add func(string, float64)) {
			for code, n := range s.Network.Closes {
				add(codeLabel(int(code)), float64(n))
			}
		}),
	counter("slow_disconnects_total", "Connections closed because of their backlog.",
		func(s *Snapshot) int64 { return s.Network.Overflows }),
	counter("dropped_messages_total", "Messages dropped for slow members of rooms with slow_consumer drop.",
		func(s *Snapshot) int64 { return s.Network.Dropped }),
	counter("deferred_reads_total", "Reads of which a part waited until other connections had their turn.",
		func(s *Snapshot) int64 { return s.Network.Deferred }),
	counters("messages_total", "WebSocket messages received, and sent, each member counted.", "direction",
		func(s *Snapshot, add func(string, float64)) {
			add("in", float64(s.Network.MessagesIn))
			add("out", float64(s.Network.MessagesOut))
		}),
	counters("network_bytes_total", "Bytes read from and written to the sockets.", "direction",
		func(s *Snapshot, add func(string, float64)) {
			add("in", float64(s.Network.BytesIn))
			add("out", float64(s.Network.BytesOut))
		}),
	counter("callback_panics_total", "Panics that closed a connection.",
		func(s *Snapshot) int64 { return s.Network.Panics }),

	counter("commands_total", "Commands of clients.",
		func(s *Snapshot) int64 { return s.Edge.Commands }),
	counters("command_errors_total", "Commands answered with an error, by its code; other counts all codes that are not of the protocol.", "code",
		func(s *Snapshot, add func(string, float64)) {
			for code, n := range s.Edge.ErrorCodes {
				add(codeLabel(int(code)), float64(n))
			}
		}),
	counter("limited_commands_total", "Commands above the rate of a connection.",
		func(s *Snapshot) int64 { return s.Edge.Limited }),
	counter("refused_commands_total", "Commands refused because a room or an event loop was overloaded.",
		func(s *Snapshot) int64 { return s.Rooms.Refused }),
	counter("room_messages_total", "Messages of all rooms, each counted once.",
		func(s *Snapshot) int64 { return s.Rooms.Messages }),
	counter("room_gaps_total", "Detected losses of messages between the log and a room.",
		func(s *Snapshot) int64 { return s.Rooms.Gaps }),
	counters("reloads_total", "Reloads of the configuration by result: applied, partly (parts with a mistake were not), refused, timeout.", "result",
		func(s *Snapshot, add func(string, float64)) {
			add("applied", float64(s.Reloads.Applied))
			add("partly", float64(s.Reloads.Partly))
			add("refused", float64(s.Reloads.Refused))
			add("timeout", float64(s.Reloads.TimedOut))
		}),
	counter("log_dropped_lines_total", "Lines of the log that were dropped because they were not read in time.",
		func(s *Snapshot) int64 { return s.LogDropped }),

	counters("loop_busy_seconds_total", "Time that an event loop has worked, estimated from samples.", "loop",
		func(s *Snapshot, add func(string, float64)) {
			for i, l := range s.Network.Loops {
				add(strconv.Itoa(i), l.Busy.Seconds())
			}
		}),
	gauges("loop_lag_seconds", "How late an event loop is: its last tick, the tick that is due now, or what was posted to it, whichever is latest.", "loop",
		func(s *Snapshot, add func(string, float64)) {
			for i, l := range s.Network.Loops {
				add(strconv.Itoa(i), l.Lag.Seconds())
			}
		}),
	histogram("loop_tick_lag_seconds", "How late the ticks of the event loops were.",
		func(s *Snapshot) (lags netpoll.Histogram) {
			for _, l := range s.Network.Loops {
				lags.Add(l.Lags)
			}
			return lags
		}),

	histograms("connect_duration_seconds", "The parts of opening a connection: network is one round trip, waiting the time in the kernel's backlog, then the TLS handshake, then the upgrade to its 101.", "part",
		func(s *Snapshot, add func(string, netpoll.Histogram)) {
			n := &s.Network
			add("network", n.Network)
			add("waiting", n.Waiting)
			add("tls", n.TLS)
			add("upgrade", n.Upgrade)
		}),
	histograms("send_duration_seconds", "The parts of sending a message: encode from the received command to the encoded push, transmit from there to the last member's write.", "part",
		func(s *Snapshot, add func(string, netpoll.Histogram)) {
			add("encode", s.Edge.Encode)
			add("transmit", s.Network.Transmit)
		}),
	histogram("close_duration_seconds", "From the server's close frame to the end of the socket.",
		func(s *Snapshot) netpoll.Histogram { return s.Network.Closing }),
}

func buildInfo() family {
	d := newDesc("build_info", "Always 1; the labels are the versions of the program and of Go.", "version", "go")
	return family{d, func(s *Snapshot, ch chan<- prometheus.Metric) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, 1, s.Version, runtime.Version())
	}}
}
