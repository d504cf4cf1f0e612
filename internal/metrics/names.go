package metrics

import "github.com/prometheus/client_golang/prometheus"

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("throng_"+name, help, labels, nil)
}

// The metrics. Every one is in descs.
var (
	buildInfo    = desc("build_info", "Always 1; the labels say which version of the program runs, and of Go.", "version", "go")
	connections  = desc("connections", "Connections now, those in a handshake included.")
	atHTTP       = desc("http_connections", "Connections now with a plain HTTP request, which connections does not include.")
	sessions     = desc("sessions", "Open connections now that speak the chat protocol.")
	handshakes   = desc("tls_handshakes", "TLS handshakes in flight now.")
	rooms        = desc("rooms", "Rooms with members or history now.")
	forgotten    = desc("forgotten_rooms", "Rooms without members and messages of which is remembered now what they have lost.")
	members      = desc("room_members", "Memberships of all rooms now.")
	queueBytes   = desc("queue_bytes", "Bytes that wait now for a loop to lay them out.")
	backlogBytes = desc("backlog_bytes", "Bytes that wait now for slow readers, shared ones counted for each of them.")
	backlogMem   = desc("backlog_memory_bytes", "Memory of what waits now for slow readers, what several readers of a loop share counted once.")
	historyBytes = desc("history_bytes", "Bytes of history in memory now.")
	waiting      = desc("waiting_commands", "Commands that wait now, for their room or for the log.", "place")

	accepted      = desc("connections_accepted_total", "Connections accepted.")
	acceptErrors  = desc("accept_errors_total", "Accepts that failed for want of descriptors or memory.")
	requests      = desc("requests_total", "First requests of connections by what became of them.", "result")
	notAdmitted   = desc("connections_refused_total", "Connections refused or closed by a limit.", "limit")
	acceptPauses  = desc("accept_pauses_total", "Pauses of accepting for the accept rate; nobody is refused.")
	limitHits     = desc("limit_hits_total", "How often a limit was met, by the key of the configuration that sets it; flood is for connections closed because they went on above commands_per_second or bytes_per_second.", "limit")
	refusedFor    = desc("requests_refused_total", "Requests that were answered with an error instead of an upgrade, by why.", "reason")
	disconnects   = desc("disconnects_total", "WebSocket connections that ended, by close code; code other is all that are not of the protocol.", "code")
	overflows     = desc("slow_disconnects_total", "Connections closed because they owed too much.")
	dropped       = desc("dropped_messages_total", "Messages dropped for slow members of rooms with slow_consumer drop.")
	deferred      = desc("deferred_reads_total", "Reads of which a part had to wait until other connections had their turn.")
	messages      = desc("messages_total", "WebSocket messages received, and handed to connections, each member counted.", "direction")
	bytes         = desc("network_bytes_total", "Bytes received from and taken by the sockets.", "direction")
	panics        = desc("callback_panics_total", "Panics that cost a connection.")
	commands      = desc("commands_total", "Commands of clients.")
	commandErrors = desc("command_errors_total", "Commands answered with an error, by its code; code other is all that are not of the protocol.", "code")
	limited       = desc("limited_commands_total", "Commands above the rate of a connection.")
	refused       = desc("refused_commands_total", "Commands refused because a room or a loop was overloaded.")
	published     = desc("room_messages_total", "Messages of all rooms, each counted once.")
	gaps          = desc("room_gaps_total", "Losses between log and room that were noticed.")
	reloads       = desc("reloads_total", "Reloads of the configuration by what became of them: applied, partly (but for parts with a mistake), refused, timeout.", "result")
	logDropped    = desc("log_dropped_lines_total", "Lines of the log that were dropped, because nobody read them in time.")

	loopBusy = desc("loop_busy_seconds_total", "Time a loop spent working, an estimate: 1 is all of the time.", "loop")
	loopLag  = desc("loop_lag_seconds", "How late a loop is: its last tick, the one that is due now, or what was posted to it, whichever is latest.", "loop")
	tickLag  = desc("loop_tick_lag_seconds", "How late the ticks of the loops were.")

	connectTime = desc("connect_duration_seconds", "The parts of a connection's way in: network is one round trip, waiting the time in the kernel's backlog, then the TLS handshake, then the upgrade to its 101.", "part")
	sendTime    = desc("send_duration_seconds", "The parts of a message's way: encode from the received command to the encoded push, transmit from there to the last member's write.", "part")
	closeTime   = desc("close_duration_seconds", "From the server's close frame to the end of the socket.")
)

var descs = []*prometheus.Desc{
	buildInfo,
	connections, atHTTP, sessions, handshakes, rooms, forgotten, members, queueBytes, backlogBytes, backlogMem, historyBytes, waiting,
	accepted, acceptErrors, notAdmitted, acceptPauses, limitHits, requests, refusedFor, disconnects, overflows, dropped, deferred, messages, bytes, panics,
	commands, commandErrors, limited, refused, published, gaps, reloads, logDropped,
	loopBusy, loopLag, tickLag, connectTime, sendTime, closeTime,
}
