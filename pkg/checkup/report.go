package checkup

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Grade is how good a finding is.
type Grade string

// The grades.
const (
	Works Grade = "ok"
	// Look: it works, and a person should look at it.
	Look  Grade = "look"
	Fails Grade = "FAILS"
)

// Finding is what was found about a subject.
type Finding struct {
	Grade   Grade
	Subject string
	Words   string
}

// Report is what was found on a host, in order.
type Report struct{ Findings []Finding }

func (r *Report) add(g Grade, subject, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{g, subject, fmt.Sprintf(format, args...)})
}

// Works adds that something works.
func (r *Report) Works(subject, format string, args ...any) { r.add(Works, subject, format, args...) }

// Look adds something that a person should look at.
func (r *Report) Look(subject, format string, args ...any) { r.add(Look, subject, format, args...) }

// Fails adds something that does not work.
func (r *Report) Fails(subject, format string, args ...any) { r.add(Fails, subject, format, args...) }

// count is how many findings have that grade.
func (r *Report) count(g Grade) (n int) {
	for _, f := range r.Findings {
		if f.Grade == g {
			n++
		}
	}
	return n
}

// Failed reports whether anything does not work.
func (r *Report) Failed() bool { return r.count(Fails) > 0 }

// Print writes the report for people. line makes a text from other hosts fit for a
// terminal.
func (r *Report) Print(out io.Writer, line func(string) string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range r.Findings {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Grade, f.Subject, line(f.Words))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	summary := "all is well"
	switch fails, look := r.count(Fails), r.count(Look); {
	case fails > 0:
		summary = fmt.Sprintf("%d of %d findings fail", fails, len(r.Findings))
	case look > 0:
		summary = fmt.Sprintf("it works; %d of %d findings need a look", look, len(r.Findings))
	}
	_, err := fmt.Fprintln(out, summary)
	return err
}
