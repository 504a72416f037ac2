package purge

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/stationtime"
)

// writePurge writes a purge and what went by it, for people.
func writePurge(out io.Writer, zone *stationtime.Zone, p model.Purge) error {
	p.Before, p.At = zone.In(p.Before), zone.In(p.At)
	_, err := fmt.Fprintln(out, cli.Printable(p.String()))
	if err == nil {
		err = writeGone(out, p.Gone)
	}
	if err == nil && !p.Done {
		_, err = fmt.Fprintln(out, "It is not known to be done yet where it was decided.")
	}
	return err
}

// writeGone writes a table of what was deleted.
func writeGone(out io.Writer, all []model.Gone) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "source\tmonth\tentries\tseconds\t")
	for _, g := range all {
		fmt.Fprintf(table, "%d\t%s\t%d\t%s\t\n", g.Source, cli.Printable(g.Month), g.Entries, seconds(g.Length))
	}
	total := model.Total(all)
	fmt.Fprintf(table, "\ttotal\t%d\t%s\t\n", total.Entries, seconds(total.Length))
	return table.Flush()
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// The formats of a report, by the ending of its file's name.
const (
	formatJSON = ".json"
	formatCSV  = ".csv"
)

// checkFile refuses a file whose format is not known. "" is no file.
func checkFile(name string) error {
	switch filepath.Ext(name) {
	case formatJSON, formatCSV:
		return nil
	}
	if name == "" {
		return nil
	}
	return cli.Usage(fmt.Errorf("--report %q: the name must end with .json or .csv", name))
}

// writeFile writes purges to a file that is new; "" is no file.
func writeFile(name string, zone *stationtime.Zone, all ...model.Purge) error {
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	write := writeJSON
	if filepath.Ext(name) == formatCSV {
		write = writeCSV
	}
	err = write(file, zone, all)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

func writeJSON(out io.Writer, zone *stationtime.Zone, all []model.Purge) error {
	list := make([]record.Purge, len(all))
	for i, p := range all {
		list[i] = record.NewPurge(p)
		list[i].Before, list[i].At = zone.Stamp(p.Before), zone.Stamp(p.At)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(list)
}

// writeCSV writes a row for each source and month.
func writeCSV(out io.Writer, zone *stationtime.Zone, all []model.Purge) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"before", "decided_at", "by", "reason", "source", "month", "entries", "seconds"}}
	for _, p := range all {
		for _, g := range p.Gone {
			rows = append(rows, []string{
				zone.Stamp(p.Before).String(), zone.Stamp(p.At).String(), p.By, p.Reason,
				strconv.Itoa(g.Source), g.Month, strconv.FormatInt(g.Entries, 10), seconds(g.Length),
			})
		}
	}
	return w.WriteAll(rows)
}
