package metrics

import (
	"io"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throngd/throng/frame"
	"github.com/throngd/throng/internal/durations"
	"github.com/throngd/throng/internal/edge"
	"github.com/throngd/throng/netpoll"
	"github.com/throngd/throng/netpoll/upgrade"
	"github.com/throngd/throng/room"
)

// sample has a different value in every field, so that a test sees which field a metric reads.
func sample() Snapshot {
	var took durations.Recorder
	took.Observe(3 * time.Microsecond)
	took.Observe(time.Second)
	h := netpoll.Histogram(took.Snapshot())
	return Snapshot{
		Version: "v1.2", LogDropped: 90, AdminClosed: 97, Reloads: Reloads{Applied: 91, Partly: 92, Refused: 93, TimedOut: 94},
		Network: netpoll.Stats{
			Conns: 1, AtHTTP: 59, TLSHandshakes: 2, Queued: 3, Backlog: 4, BacklogMemory: 20, Accepted: 5, AcceptErrors: 6, Upgraded: 7, Detached: 8,
			Refused4xx: 9, Refused5xx: 10, RefusedFor: [upgrade.NumCauses]int64{upgrade.CauseOrigin: 200}, Closes: map[frame.CloseCode]int64{3008: 11, 0: 12},
			MessagesIn: 13, MessagesOut: 14, BytesIn: 15, BytesOut: 16, Overflows: 17, Dropped: 18, Deferred: 57, Panics: 19, Upgrade: h,
			Refusals: netpoll.Refusals{Full: 50, Lagging: 51, PerIP: 52, PerIPRate: 53, TLSHandshakes: 54, BadProxy: 55, Paced: 56, Displaced: 96},
			Limits: netpoll.Limits{
				MaxHeader: 190, MaxHeaderMemory: 191, HeaderTimeout: 60, HelloTimeout: 58, TLSHandshakeTimeout: 61, MaxHTTP: 62, MessageTimeout: 63, MaxMessage: 64,
				MaxFragments: 65, MaxControls: 66, PongTimeout: 67, MaxBacklog: 68, MaxBacklogAge: 69, MaxBacklogMemory: 48,
			},
			Loops: []netpoll.LoopStats{{Busy: 20 * time.Second, Lag: 21 * time.Second, Lags: h}, {Lags: h}},
		},
		Edge: edge.Stats{
			Sessions: 30, Commands: 31, ErrorCodes: map[uint32]int64{103: 32, 0: 97}, Limited: 33, Encode: h,
			Flooded: 70, LimitedBytes: 210, UserLimit: 71, UserRate: 72, RoomRate: 77, RoomLimit: 73, LongNames: 192, WaitingLimit: 76, BacklogLimit: 1000, Busy: 74, Stale: 75,
		},
		Rooms: room.Stats{
			Rooms: 40, Members: 41, Waiting: 42, InFlight: 43, HistoryBytes: 44, Messages: 45, Refused: 46, Gaps: 47, Forgotten: 48,
			Limits: room.Limits{
				Mailbox: 80, MaxRooms: 81, HistoryBytes: 82, HistoryMaxLimit: 83, RecoveryMaxPublications: 84,
				RecoveryMaxBytes: 85, JoinLeaveMaxMembers: 86, PresenceMax: 87, IdempotencyKeys: 88,
				HistoryMaxBytes: 89, PresenceMaxBytes: 91, ForgottenRooms: 92, RoomBytes: 93, PublisherBytes: 95,
			},
		},
	}
}

func TestNamesFollowConventions(t *testing.T) {
	problems, err := testutil.GatherAndLint(Registry(sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// TestAllFamiliesHaveValues: a pedantic registry refuses values that are not described, and each family has one.
func TestAllFamiliesHaveValues(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(&Collector{src: sample})
	gathered, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(gathered) != len(families) {
		t.Errorf("%d metrics are described, %d collected", len(families), len(gathered))
	}
}

func TestValues(t *testing.T) {
	w := httptest.NewRecorder()
	Handler(sample).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, _ := io.ReadAll(w.Body)
	text := "\n" + string(b)
	for _, line := range []string{
		"throng_connections 1", "throng_tls_handshakes 2", "throng_queue_bytes 3", "throng_backlog_bytes 4",
		"throng_connections_accepted_total 5", "throng_accept_errors_total 6",
		`throng_requests_total{result="upgraded"} 7`, `throng_requests_total{result="http"} 8`,
		`throng_requests_total{result="refused_4xx"} 9`, `throng_requests_total{result="refused_5xx"} 10`,
		`throng_requests_refused_total{reason="origin"} 200`, `throng_requests_refused_total{reason="header_size"} 0`,
		`throng_disconnects_total{code="3008"} 11`, `throng_disconnects_total{code="other"} 12`,
		`throng_messages_total{direction="in"} 13`, `throng_messages_total{direction="out"} 14`,
		`throng_network_bytes_total{direction="in"} 15`, `throng_network_bytes_total{direction="out"} 16`,
		"throng_slow_disconnects_total 17", "throng_dropped_messages_total 18", "throng_deferred_reads_total 57", "throng_callback_panics_total 19",
		`throng_loop_busy_seconds_total{loop="0"} 20`, `throng_loop_lag_seconds{loop="0"} 21`, `throng_loop_lag_seconds{loop="1"} 0`,
		`throng_connections_refused_total{limit="connections"} 50`, `throng_connections_refused_total{limit="lag"} 51`,
		`throng_connections_refused_total{limit="ip"} 52`, `throng_connections_refused_total{limit="ip_rate"} 53`,
		`throng_connections_refused_total{limit="handshakes"} 54`, `throng_connections_refused_total{limit="proxy_header"} 55`,
		"throng_accept_pauses_total 56",
		`throng_limit_hits_total{limit="max_connections"} 50`, `throng_limit_hits_total{limit="max_message"} 64`,
		`throng_limit_hits_total{limit="max_header"} 190`, `throng_limit_hits_total{limit="header_bytes"} 191`,
		`throng_limit_hits_total{limit="connection_rate_per_user"} 72`, `throng_limit_hits_total{limit="presence_max"} 87`,
		`throng_limit_hits_total{limit="bytes_per_second"} 210`, `throng_limit_hits_total{limit="waiting_commands"} 76`,
		"throng_sessions 30", "throng_commands_total 31", `throng_command_errors_total{code="103"} 32`, `throng_command_errors_total{code="other"} 97`, "throng_limited_commands_total 33",
		`throng_build_info{go="` + runtime.Version() + `",version="v1.2"} 1`, "throng_log_dropped_lines_total 90", `throng_reloads_total{result="partly"} 92`,
		"throng_rooms 40", "throng_room_members 41", `throng_waiting_commands{place="room"} 42`, `throng_waiting_commands{place="log"} 43`,
		"throng_history_bytes 44", "throng_room_messages_total 45", "throng_refused_commands_total 46", "throng_room_gaps_total 47",
		`throng_connect_duration_seconds_bucket{part="upgrade",le="2e-06"} 0`,
		`throng_connect_duration_seconds_bucket{part="upgrade",le="4e-06"} 1`,
		`throng_connect_duration_seconds_bucket{part="upgrade",le="+Inf"} 2`,
		`throng_connect_duration_seconds_sum{part="upgrade"} 1.000003`,
		`throng_send_duration_seconds_count{part="encode"} 2`, `throng_send_duration_seconds_count{part="transmit"} 0`,
		"throng_loop_tick_lag_seconds_count 4", "throng_close_duration_seconds_count 0",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("missing: %s", line)
		}
	}
	for _, name := range []string{"go_gc_duration_seconds", "go_goroutines", "process_open_fds"} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("missing: %s", name)
		}
	}
}
