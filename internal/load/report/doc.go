// Package report has the results of a run of throng load, merges them, and writes them as text, JSON
// and HTML.
//
// A [Report] is filled by one goroutine. Loops and processes that measure at the same time fill one
// each, and [Merge] makes one of them. Latencies are HDR histograms and stay histograms in the
// file, so the quantiles of a merged report are those of all measurements together and not a
// mean of quantiles.
//
//	r := report.New("throng load echo ws://127.0.0.1:8000/echo", "echo", "ws://127.0.0.1:8000/echo")
//	r.Phases.Record(report.TCP, 312*time.Microsecond)
//	r.Violations.Add(report.Violation{Kind: report.Lost, Room: "lobby", Client: "c7", Offset: 41})
//	r.Series.Add(report.NewSecond(0, connections, sent, delivered, &latencies))
//	r.Duration = time.Since(r.Started)
//	r.WriteText(os.Stdout)
//
// # The life of a connection
//
// The phases are listed in the order of a connection's life, under the names of the documentation:
// connect = TCP + HTTP, send = encode + transmit, close. [Phase.Meaning] defines each of them.
//
// # What counts as a failure
//
// A run is OK when no rule was broken and it came to its end: see [Report.OK]. Errors that a
// scenario provokes on purpose (the connections that a storm drops) are counted and do not fail
// it; the scenario sets Err when there were others.
package report
