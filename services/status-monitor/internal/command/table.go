package command

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/stationtime"
)

// printStatus prints the status for people. Its first line says the most
// important.
func printStatus(s api.MonitorStatus, summary string, out io.Writer) error {
	var text bytes.Buffer // written at once, so that a screen never shows half of it
	fmt.Fprintf(&text, "%s\n\nmonitor %s (%s) %s\n", cli.Line(summary), s.Name, s.Version, cli.Line(s.ActingDetail))
	fmt.Fprintf(&text, "active source: %s\n\n", activeWords(s))

	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SOURCE\tSTATE\tFOR\tHEARD\tLOST\tAPI\tREMARK")
	for _, source := range s.Sources {
		mark := ""
		if source.Active {
			mark = " *"
		}
		fmt.Fprintf(table, "%s%s\t%s\t%s\t%s\t%d\t%s\t%s\n", title(source.Number, source.Name), mark, source.State,
			ago(s.Now, &source.Since), ago(s.Now, source.Heard), source.Lost, apiWords(source), remark(source))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(&text)
	for _, source := range s.Sources {
		if source.Promise != "" { // monitors of older versions do not say it
			fmt.Fprintf(&text, "source %s is %s\n", title(source.Number, source.Name), cli.Printable(source.Promise))
		}
		if source.Check != "" {
			fmt.Fprintf(&text, "  its check says %s\n", cli.Line(source.Check))
		}
	}
	for _, w := range s.Waiting {
		if w.Count > 0 {
			fmt.Fprintf(&text, "\nwaiting deliveries of %s: %d, the oldest for %s", w.Channel, w.Count, ago(s.Now, w.Oldest))
			if w.Error != "" {
				fmt.Fprintf(&text, ": %s", cli.Line(w.Error))
			}
			fmt.Fprintln(&text)
		}
	}
	for i, stranger := range s.Strangers.Recent {
		if i == 0 {
			fmt.Fprintf(&text, "\n%d datagrams came from strangers:\n", s.Strangers.Total)
		}
		fmt.Fprintf(&text, "  %s: %d, the last %s ago\n", stranger.From, stranger.Count, ago(s.Now, &stranger.Last))
	}
	_, err := text.WriteTo(out)
	return err
}

// How times are shown: by the clock of whoever looks, with its offset, because
// the hosts of a station may be in several zones.
const (
	moment    = "2006-01-02 15:04:05 -07:00"
	timeOfDay = "15:04:05 -07:00"
)

// activeWords describes the active source.
func activeWords(s api.MonitorStatus) string {
	if !s.Active.Known {
		return "not known"
	}
	words := []string{title(s.Active.Source, s.Active.Name)}
	if s.Active.Since != nil {
		words = append(words, "since "+s.Active.Since.Local().Format(moment))
	}
	if s.Active.Unknown {
		words = append(words, "known by no setting, name or record")
	}
	if s.Active.Pinned {
		words = append(words, "pinned")
	}
	if s.Active.Manual {
		words = append(words, "chosen by a person")
	}
	if s.Active.Unconfirmed {
		words = append(words, "not delivered to the sync node yet")
	}
	return strings.Join(words, ", ")
}

// apiWords describes the engine-api of a source.
func apiWords(s api.MonitorSource) string {
	switch {
	case s.ApiFailure == nil:
		return "-"
	case *s.ApiFailure == "":
		return "answers"
	}
	return cli.Line(*s.ApiFailure)
}

// remark is the reason for a source's state, and what is to follow.
func remark(s api.MonitorSource) string {
	words := cli.Line(s.Reason)
	if s.UpAt != nil {
		words += "; heard again, up at " + s.UpAt.Local().Format(timeOfDay) + " if that lasts"
	}
	if s.Maintenance {
		words += "; maintenance"
	}
	return words
}

// ago is how long before now then was, in the words of people.
func ago(now stationtime.Stamp, then *stationtime.Stamp) string {
	if then == nil {
		return "-"
	}
	d := max(0, now.Sub(then.Time))
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 48*time.Hour:
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// title names a source.
func title(number int, name string) string {
	if name == "" {
		return fmt.Sprint(number)
	}
	return fmt.Sprintf("%d (%s)", number, cli.Line(name))
}
