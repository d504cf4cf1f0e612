package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// report is the phases and what they found.
type report struct {
	options
	crowd *crowd
	fault string
	begun time.Time

	before, opened, held, after usage
	opening, holding            time.Duration
	pings, inRound              int64 // of the hold
	ack, delivery               time.Duration
	scraped                     map[string]float64
}

// await waits until ok, with a line of progress from time to time.
func (r *report) await(what string, end time.Time, ok func() bool, progress func() string) error {
	last := time.Now()
	for !ok() {
		if time.Now().After(end) {
			return fmt.Errorf("%s: the time is over: %s", what, progress())
		}
		if r.every > 0 && time.Since(last) >= r.every {
			last = time.Now()
			u, err := usageOf(r.pid)
			if err != nil {
				return err
			}
			fmt.Printf("%8s %s: %s; server %s, this %s, kernel %s\n", time.Since(r.begun).Round(time.Second), what, progress(),
				mib(u.resident), mib(u.own), mib(u.kernel()))
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// open opens the connections and waits until all have joined.
func (r *report) open(end time.Time) (err error) {
	if r.before, err = usageOf(r.pid); err != nil {
		return err
	}
	c := r.crowd
	r.begun = time.Now()
	c.start()
	before, at := int64(0), r.begun
	err = r.await("open", end, func() bool { return int(c.joined.Load()) == r.connections }, func() string {
		n, now := c.joined.Load(), time.Now()
		rate := float64(n-before) / now.Sub(at).Seconds()
		before, at = n, now
		left := time.Duration(float64(r.connections-int(n)) / max(rate, 1) * float64(time.Second))
		return fmt.Sprintf("%d of %d joined, %.0f a second, %s to go, %d pings, faults %v", n, r.connections, rate, left.Round(time.Second), c.pings.Load(), c.noted(c.faults))
	})
	r.opening = time.Since(r.begun)
	return err
}

// settle lets the server end what the opening has left: replies, garbage.
func (r *report) settle(time.Time) (err error) {
	time.Sleep(5 * time.Second)
	r.opened, err = usageOf(r.pid)
	return err
}

// keep holds all connections.
func (r *report) keep(end time.Time) (err error) {
	c := r.crowd
	pings, begin := c.pings.Load(), time.Now()
	c.newRound()
	err = r.await("hold", end, func() bool { return time.Since(begin) >= r.hold }, func() string {
		return fmt.Sprintf("%d there, %d pings, %d members pinged", c.joined.Load(), c.pings.Load()-pings, c.inRound())
	})
	r.holding, r.pings, r.inRound = time.Since(begin), c.pings.Load()-pings, c.inRound()
	if err != nil {
		return err
	}
	r.held, err = usageOf(r.pid)
	return err
}

// broadcast has one message sent, and waits until each member has it, and no one twice.
func (r *report) broadcast(end time.Time) (err error) {
	c := r.crowd
	if until := time.Now().Add(r.patience); until.Before(end) {
		end = until
	}
	begin := time.Now()
	c.publish()
	err = r.await("broadcast", end, func() bool {
		if r.ack == 0 && c.acked.Load() {
			r.ack = time.Since(begin)
		}
		return int(c.got.Load()) >= r.connections
	}, func() string { return fmt.Sprintf("%d of %d have the message", c.got.Load(), r.connections) })
	r.delivery = time.Since(begin)
	if err != nil {
		return err
	}
	if r.ack == 0 && c.acked.Load() {
		r.ack = time.Since(begin)
	}
	time.Sleep(2 * time.Second) // for a message that comes twice
	if r.after, err = usageOf(r.pid); err != nil {
		return err
	}
	return r.judge()
}

// scrape asks the server itself.
func (r *report) scrape(time.Time) (err error) {
	r.scraped, err = metrics(r.admin)
	return err
}

// judge is whether what was promised was kept.
func (r *report) judge() error {
	c := r.crowd
	switch {
	case len(c.noted(c.faults)) > 0:
		return fmt.Errorf("faults, see below")
	case int(c.joined.Load()) != r.connections:
		return fmt.Errorf("%d connections are left of %d", c.joined.Load(), r.connections)
	case int(c.got.Load()) != r.connections:
		return fmt.Errorf("the message came %d times to %d", c.got.Load(), r.connections)
	}
	return nil
}

func (r *report) print(w io.Writer) {
	c, n := r.crowd, int64(max(1, r.connections))
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-34s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "report: %d connections that joined one room\n", r.connections)
	line("machine", "Linux %s %s", kernelName(), r.note)
	verdict := "passed: nothing dropped, the message reached each exactly once"
	if r.fault != "" {
		verdict = "FAILED: " + r.fault
	}
	line("verdict", "%s", verdict)
	line("joined at the end", "%d", c.joined.Load())
	line("time to open", "%s, %.0f a second", round(r.opening), float64(r.connections)/max(r.opening.Seconds(), 1e-9))
	if r.opened.resident > 0 {
		line("server resident", "%s, %d bytes per connection", mib(r.opened.resident), (r.opened.resident-r.before.resident)/n)
		line("kernel, slab", "%s, %d bytes per pair of ends", mib(r.opened.slab), (r.opened.slab-r.before.slab)/n)
		line("kernel, buffers (sockstat)", "%s, %d bytes per pair of ends", mib(r.opened.tcp), (r.opened.tcp-r.before.tcp)/n)
		line("kernel, all together", "%s, %d bytes per pair of ends", mib(r.opened.kernel()), (r.opened.kernel()-r.before.kernel())/n)
		line("generator resident", "%s, %d bytes per connection", mib(r.opened.own), (r.opened.own-r.before.own)/n)
		line("CPU of the server to open", "%s, %d us per connection", round(r.opened.cpu-r.before.cpu), (r.opened.cpu-r.before.cpu).Microseconds()/n)
	}
	if r.held.resident > 0 {
		cpu := r.held.cpu - r.opened.cpu
		line("held", "%s, %d pings answered, %d of %d members had at least one", round(r.holding), r.pings, r.inRound, r.connections)
		line("CPU of the server in the hold", "%s, %.1f %% of one processor", round(cpu), 100*cpu.Seconds()/r.holding.Seconds())
		line("CPU of the server per ping round", "%s, %.1f us per ping and pong", round(time.Duration(float64(cpu)*float64(n)/float64(max(1, r.pings)))),
			cpu.Seconds()*1e6/float64(max(1, r.pings)))
		line("server resident after the hold", "%s", mib(r.held.resident))
	}
	if r.after.resident > 0 {
		cpu := r.after.cpu - r.held.cpu
		line("broadcast", "the last had it after %s, the sender its acknowledgement after %s", round(r.delivery), round(r.ack))
		line("CPU of the server for it", "%s, %.1f us per member", round(cpu), cpu.Seconds()*1e6/float64(n))
		line("server resident after it", "%s, peak %s", mib(r.after.resident), mib(r.after.peak))
	}
	if m := r.scraped; m != nil {
		line("GC pauses", "%.0f collections, median %.2f ms, longest %.2f ms", m["go_gc_duration_seconds_count"],
			1e3*m[`go_gc_duration_seconds{quantile="0.5"}`], 1e3*m[`go_gc_duration_seconds{quantile="1"}`])
		line("the server says", "%.0f sessions, %.0f members, %.0f panics, %.0f accept errors", m["throng_sessions"], m["throng_room_members"],
			m["throng_callback_panics_total"], m["throng_accept_errors_total"])
	}
	told(line, "fault", c.noted(c.faults))
	told(line, "dialed again", c.noted(c.retries))
}

func told(line func(string, string, ...any), name string, counts map[string]int) {
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		line(name, "%d times: %s", counts[what], what)
	}
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
