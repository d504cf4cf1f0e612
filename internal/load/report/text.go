package report

import (
	"bytes"
	"fmt"
	"io"
)

// WriteText writes the report for a terminal, at most 110 columns where the texts permit.
func (r *Report) WriteText(w io.Writer) error {
	var b bytes.Buffer
	r.textHead(&b)
	r.textStages(&b)
	r.textLatencies(&b)
	r.textFaults(&b)
	fmt.Fprintf(&b, "\nresult: %s\n", printable(r.verdict()))
	return writeTrimmed(w, b.Bytes())
}

// writeTrimmed leaves out the spaces at the ends of lines, where a table has empty cells.
func writeTrimmed(w io.Writer, b []byte) error {
	var out []byte
	for l := range bytes.Lines(b) {
		out = append(append(out, bytes.TrimRight(l, " \n")...), '\n')
	}
	_, err := w.Write(out)
	return err
}

func (r *Report) textHead(b *bytes.Buffer) {
	fmt.Fprintf(b, "%s\n%s\n\n", printable(r.Summary()), printable(r.Command))
	fmt.Fprintf(b, "scenario %s, target %s\n", printable(r.Scenario), printable(r.Target))
	fmt.Fprintf(b, "%s, %s\non %s\n\n", printable(r.Tool), r.when(), printable(r.Machine.String()))
	for _, f := range r.facts() {
		fmt.Fprintf(b, "%-15s %s\n", f.Name, f.Text)
	}
}

func (r *Report) textStages(b *bytes.Buffer) {
	rows := r.stageRows()
	if len(rows) == 0 {
		return
	}
	const line = "%-12s %9s %11s %11s %11s %10s %9s %10s %9s\n"
	fmt.Fprintf(b, "\n"+line, "", "", "", "", "", "target", "", "kernel", "")
	fmt.Fprintf(b, line, "stage", "took", "open", "pings", "delivered", "memory", "CPU", "slab", "buffers")
	for _, s := range rows {
		fmt.Fprintf(b, line, printable(s.Name), s.Took, s.Open, s.Pings, s.Delivered, s.Resident, s.CPU, s.Slab, s.Buffers)
	}
}

func (r *Report) textLatencies(b *bytes.Buffer) {
	rows := r.rows()
	if len(rows) == 0 {
		return
	}
	const line = "%-26s %11s %9s %9s %9s %9s %9s %9s\n"
	fmt.Fprintf(b, "\n"+line, "latency", "count", "mean", "p50", "p90", "p99", "p99.9", "max")
	for _, l := range rows {
		name := printable(l.Name)
		if l.Part {
			name = "  " + name
		}
		fmt.Fprintf(b, line, name, l.Count, l.Mean, l.P50, l.P90, l.P99, l.P999, l.Max)
	}
	fmt.Fprintln(b)
	for _, l := range rows {
		fmt.Fprintf(b, "%-26s %s\n", printable(l.Name), l.Meaning)
	}
}

func (r *Report) textFaults(b *bytes.Buffer) {
	if errs := r.Counters.Errors; len(errs) > 0 {
		fmt.Fprint(b, "\nerrors\n")
		for _, text := range byCount(errs) {
			fmt.Fprintf(b, "%11s  %s\n", count(errs[text]), printable(text))
		}
	}
	r.textViolations(b)
	for _, u := range r.Unchecked {
		fmt.Fprintf(b, "not checked: %s: %s\n", printable(u.What), printable(u.Why))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(b, "note: %s\n", printable(n))
	}
}

func (r *Report) textViolations(b *bytes.Buffer) {
	v := &r.Violations
	if v.Count == 0 {
		fmt.Fprintf(b, "\nviolations: %s\n", r.checked())
		return
	}
	fmt.Fprintf(b, "\nviolations: %s\n", count(v.Count))
	for _, k := range byCount(v.ByKind) {
		fmt.Fprintf(b, "%11s  %s: %s\n", count(v.ByKind[k]), printable(string(k)), printable(k.Meaning()))
	}
	for _, one := range v.First {
		fmt.Fprintf(b, "  %s\n", printable(one.String()))
	}
	if more := v.Count - int64(len(v.First)); more > 0 {
		fmt.Fprintf(b, "  and %s more\n", count(more))
	}
}
