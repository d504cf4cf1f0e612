package report

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

// WriteHTML writes a page without scripts and without references to other files. Everything in it,
// the plots included, goes through html/template.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"count": count,
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, r.page())
}

// page is what the template shows.
type page struct {
	*Report
	When, Machine, Verdict, Checked string
	Failed                          bool
	Facts                           []fact
	Stages                          []stageRow
	Rows                            []row
	Charts                          []chart
	Errors, Broken                  []counted
	More                            int64
	Box                             box
}

type counted struct {
	Count      int64
	Text, Rest string
}

// box are the constants of the plots.
type box struct{ Width, Height, Left, Top, Right, Bottom float64 }

func (r *Report) page() page {
	p := page{
		Report: r, When: r.when(), Machine: r.Machine.String(), Verdict: r.verdict(), Checked: r.checked(), Failed: !r.OK(),
		Facts: r.facts(), Stages: r.stageRows(), Rows: r.rows(), Charts: r.charts(),
		More: r.Violations.Count - int64(len(r.Violations.First)),
		Box:  box{totalWidth, totalHeight, plotLeft, plotTop, plotLeft + plotWidth, plotTop + plotHeight},
	}
	for _, text := range byCount(r.Counters.Errors) {
		p.Errors = append(p.Errors, counted{r.Counters.Errors[text], text, ""})
	}
	for _, k := range byCount(r.Violations.ByKind) {
		p.Broken = append(p.Broken, counted{r.Violations.ByKind[k], string(k), k.Meaning()})
	}
	return p
}
