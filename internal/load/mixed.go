package load

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/files"
	"github.com/throngd/throng/internal/load/report"
)

// mix is the file of the scenario mixed: parts that run at the same time.
//
//	parts:
//	  - scenario: idle
//	    connections: 5000
//	  - scenario: rooms
//	    connections: 200
//	    rooms: 20
//	    rate: 500
//	    after: 2s
type mix struct {
	Parts []mixPart `yaml:"parts"`
}

type mixPart struct {
	Scenario    string        `yaml:"scenario"`
	URL         string        `yaml:"url"` // "": that of the command line
	Protocol    string        `yaml:"protocol"`
	Connections int           `yaml:"connections"`
	Duration    time.Duration `yaml:"duration"`
	Rooms       int           `yaml:"rooms"`
	Rate        float64       `yaml:"rate"`
	Size        int           `yaml:"size"`
	Senders     int           `yaml:"senders"`
	Share       int           `yaml:"share"`
	Rounds      int           `yaml:"rounds"`
	BackWithin  time.Duration `yaml:"back-within"`
	After       time.Duration `yaml:"after"` // the part begins so long after the start
}

const mixHint = "it is a list: parts: [{scenario: idle, connections: 1000}, {scenario: rooms, connections: 200, rate: 500}]; " +
	"keys: scenario url protocol connections duration rooms rate size senders share rounds back-within after"

// maxParts bounds a mix, because each part is a run of its own.
const maxParts = 100

func readMix(file string) (*mix, error) {
	b, err := files.Read(file, 1<<20)
	if err != nil {
		return nil, clierr.Usagef("--mix names a YAML file", "the mix cannot be read: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	var m mix
	if err := d.Decode(&m); err != nil && !errors.Is(err, io.EOF) {
		return nil, clierr.Usagef(mixHint, "%s: %s", file, oneLine(err))
	}
	if len(m.Parts) == 0 || len(m.Parts) > maxParts {
		return nil, clierr.Usagef(mixHint, "%s has %d parts", file, len(m.Parts))
	}
	return &m, nil
}

// oneLine joins the lines of an error of yaml.
func oneLine(err error) string {
	lines := strings.Fields(strings.ReplaceAll(err.Error(), "\n  ", "; "))
	return strings.Replace(strings.Join(lines, " "), "errors:; ", "errors: ", 1)
}

// options returns those of one part. URL, TLS, headers and the like come from the command
// line unless the part sets them; the counts have their own defaults. The duration of a half-open part
// is long enough for the server's time limits.
func (p mixPart) options(o Options) (Options, error) {
	if p.Scenario == "mixed" || p.After < 0 {
		return o, clierr.Usagef(mixHint, "a part of a mix is a simple scenario, and begins after 0s or more")
	}
	if p.Scenario == "half-open" {
		o.Duration = max(o.Duration, halfOpenTime)
	}
	ramp, payload, token := o.Ramp, o.Payload, o.Token
	if p.Scenario == "connect" {
		ramp = 0
	}
	if p.Size != 0 {
		payload = ""
	}
	if p.Scenario == "echo" || p.Protocol != "" && p.Protocol != Centrifuge {
		token = ""
	}
	return Options{
		Scenario: p.Scenario, URL: cmp.Or(p.URL, o.URL), Protocol: p.Protocol, Connections: p.Connections, Duration: cmp.Or(p.Duration, o.Duration),
		Rooms: p.Rooms, Rate: p.Rate, Size: p.Size, Senders: p.Senders, Share: p.Share, Rounds: p.Rounds, BackWithin: p.BackWithin,
		Processes: o.Processes, Loops: o.Loops, Source: o.Source, Insecure: o.Insecure, OneFrame: o.OneFrame,
		Ramp: ramp, Schedule: o.Schedule, RoomName: o.RoomName, Payload: payload, Token: token, Header: o.Header, MaxRefused: o.MaxRefused,
		PingInterval: o.PingInterval, Patience: o.Patience, MaxMessage: o.MaxMessage, Errors: o.Errors, Self: o.Self, Command: o.Command,
	}.withDefaults()
}

// runMixed runs all parts at the same time and merges their reports.
func runMixed(ctx context.Context, o Options) (*report.Report, error) {
	m, err := readMix(o.Mix)
	if err != nil {
		return nil, err
	}
	parts := make([]Options, len(m.Parts))
	for i, p := range m.Parts {
		if parts[i], err = p.options(o); err != nil {
			return nil, clierr.Usagef(mixHint, "%s: part %d: %w", o.Mix, i+1, err)
		}
	}
	reports, errs := make([]*report.Report, len(parts)), make([]error, len(parts))
	stop := mixProgress(o, parts)
	var all sync.WaitGroup
	for i := range parts {
		all.Go(func() {
			select {
			case <-time.After(m.Parts[i].After):
				reports[i], errs[i] = Run(ctx, parts[i])
			case <-ctx.Done():
			}
		})
	}
	all.Wait()
	stop()
	return mergeMix(o, parts, reports, errs)
}

func mergeMix(o Options, parts []Options, reports []*report.Report, errs []error) (*report.Report, error) {
	var begun []*report.Report
	var failure error
	for i, r := range reports {
		if errs[i] != nil && failure == nil {
			var e *clierr.Error
			hint := ""
			if errors.As(errs[i], &e) {
				hint = e.Hint
			}
			failure = clierr.Errorf(hint, "part %d (%s): %w", i+1, parts[i].Scenario, errs[i])
		}
		if r != nil {
			for n := range r.Notes {
				r.Notes[n] = fmt.Sprintf("part %d (%s): %s", i+1, parts[i].Scenario, r.Notes[n])
			}
			begun = append(begun, r)
		}
	}
	merged := report.Merge(begun...)
	if merged == nil {
		return nil, cmp.Or(failure, context.Canceled)
	}
	merged.Scenario, merged.Processes, merged.Err = o.Scenario, 1, ""
	merged.Fail(failure)
	return merged, failure
}

// mixProgress shows the time of the longest part.
func mixProgress(o Options, parts []Options) (stop func()) {
	longest := time.Duration(0)
	for _, p := range parts {
		longest = max(longest, p.Duration)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		p, began := o.progress(), time.Now()
		p.Stage("mixed", int64(longest/time.Millisecond))
		for {
			select {
			case <-done:
				p.End()
				return
			case <-time.After(5 * pollInterval):
				p.Set(int64(min(time.Since(began), longest)/time.Millisecond), fmt.Sprintf("%d parts", len(parts)))
			}
		}
	}()
	return func() { close(done); <-ended }
}
