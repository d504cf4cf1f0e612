package main

import (
	"io"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// loadReportCmd is throng load report: it shows the reports of earlier runs.
type loadReportCmd struct {
	Files   []string `arg:"" name:"file" help:"One report of throng load --json to show, or two to compare."`
	Against []string `placeholder:"FILE" help:"Reports of the other side, with commas between: those named without it are A, these B. From 3 runs a side on, their spread tells what is better or worse."`
	Merge   bool     `help:"Make one report of the files: several load testers against one server at the same time."`
	JSON    string   `name:"json" placeholder:"FILE" help:"Write the report (of --merge, say) as JSON."`
	HTML    string   `name:"html" placeholder:"FILE" help:"Write the report as one page with plots."`
}

func (c *loadReportCmd) Run(s *streams) error {
	if err := c.check(); err != nil {
		return err
	}
	a, err := readSide(c.Files)
	if err != nil {
		return err
	}
	b, err := readSide(c.Against)
	if err != nil {
		return err
	}
	if len(c.Against) == 0 && len(c.Files) == 2 && !c.Merge {
		a, b = report.Side{Names: a.Names[:1], Reports: a.Reports[:1]}, report.Side{Names: a.Names[1:], Reports: a.Reports[1:]}
	}
	if len(b.Reports) > 0 {
		return report.WriteComparison(s.out, a, b)
	}
	reports := a.Reports
	if !report.Together(reports...) {
		return clierr.Errorf("--merge is for load testers that ran side by side; without it two reports are compared", "these runs were not at the same time")
	}
	return showReport(s.out, report.Merge(reports...), c.JSON, c.HTML)
}

func readSide(names []string) (report.Side, error) {
	s := report.Side{Names: names}
	for _, file := range names {
		r, err := report.ReadFile(file)
		if err != nil {
			return s, err
		}
		s.Reports = append(s.Reports, r)
	}
	return s, nil
}

func (c *loadReportCmd) check() error {
	const hint = "throng load report A.json shows one run, A.json B.json compares two, A1.json A2.json A3.json --against B1.json,B2.json,B3.json compares several, --merge makes one of any number"
	switch {
	case len(c.Against) > 0 && (c.Merge || c.JSON+c.HTML != ""):
		return clierr.Usagef(hint, "--against compares, and a comparison is text")
	case c.Merge, len(c.Against) > 0:
	case len(c.Files) > 2:
		return clierr.Usagef(hint, "%d reports cannot be compared", len(c.Files))
	case len(c.Files) == 2 && c.JSON+c.HTML != "":
		return clierr.Usagef(hint, "a comparison is text: --json and --html are of one report")
	}
	return nil
}

// showReport writes a report to the named files first, and then to the terminal, whose reader may be slow.
func showReport(out io.Writer, r *report.Report, jsonFile, htmlFile string) error {
	if err := r.Save(jsonFile, htmlFile); err != nil {
		return err
	}
	return r.WriteText(out)
}
