package main

import (
	"io"

	"github.com/throngd/throng/internal/human"
	"github.com/throngd/throng/internal/load/report"
)

// loadReportCmd is throng load report: it shows what earlier runs have left in files.
type loadReportCmd struct {
	Files []string `arg:"" name:"file" help:"One report of throng load --json to show, or two to compare."`
	Merge bool     `help:"Make one report of the files: several load testers against one server at the same time."`
	JSON  string   `name:"json" placeholder:"FILE" help:"Write the report (of --merge, say) as JSON."`
	HTML  string   `name:"html" placeholder:"FILE" help:"Write the report as one page with plots."`
}

func (c *loadReportCmd) Run(s *streams) error {
	if err := c.check(); err != nil {
		return err
	}
	var reports []*report.Report
	for _, file := range c.Files {
		r, err := report.ReadFile(file)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	if len(reports) == 2 && !c.Merge {
		return report.WriteComparison(s.out, c.Files[0], c.Files[1], reports[0], reports[1])
	}
	if !report.Together(reports...) {
		return human.Errorf("--merge is for load testers that ran side by side; without it two reports are compared", "these runs were not at the same time")
	}
	return showReport(s.out, report.Merge(reports...), c.JSON, c.HTML)
}

func (c *loadReportCmd) check() error {
	const hint = "throng load report A.json shows one run, A.json B.json compares two, --merge makes one of any number"
	switch {
	case c.Merge:
	case len(c.Files) > 2:
		return human.Usagef(hint, "%d reports cannot be compared", len(c.Files))
	case len(c.Files) == 2 && c.JSON+c.HTML != "":
		return human.Usagef(hint, "a comparison is text: --json and --html are of one report")
	}
	return nil
}

// showReport writes a report to the files that are named, and then to the
// terminal: what lasts does not wait for a reader.
func showReport(out io.Writer, r *report.Report, jsonFile, htmlFile string) error {
	if err := r.Save(jsonFile, htmlFile); err != nil {
		return err
	}
	return r.WriteText(out)
}
