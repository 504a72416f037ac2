package report

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aura.radio/engine/pkg/stationtime"
)

// byteOrderMark begins every CSV. A person who asks for CSV and not for JSON
// opens it in a spreadsheet. Without the mark, Excel takes UTF-8 for the code
// page of the computer and garbles every umlaut. Programs name the encoding
// utf-8-sig or skip these three bytes.
const byteOrderMark = "\ufeff"

// WriteCSV writes one part of the report (RFC 4180, UTF-8 with a byte order
// mark). The header row names the columns as the JSON names the fields. Unknown
// values are empty. Texts are exact, unless Report.GuardFormulas is set.
func WriteCSV(ctx context.Context, w io.Writer, r Report, part Part) error {
	sample := blank(part)
	if sample == nil {
		return fmt.Errorf("write report: no part %q", part)
	}
	c := csvWriter{out: csv.NewWriter(w), zone: r.Period.Zone, guard: r.GuardFormulas}
	c.out.UseCRLF = true

	var header names
	sample.write(&header)
	header[0] = byteOrderMark + header[0]
	err := c.out.Write(header)
	if err == nil {
		err = r.each(ctx, part, c.row)
	}
	if err == nil {
		c.out.Flush()
		err = c.out.Error()
	}
	return failed(err)
}

// csvWriter writes records as rows.
type csvWriter struct {
	out    *csv.Writer
	zone   *stationtime.Zone
	guard  bool
	fields []string
}

func (c *csvWriter) row(r record) error {
	c.fields = c.fields[:0]
	r.write(c)
	return c.out.Write(c.fields)
}

func (c *csvWriter) add(value string) { c.fields = append(c.fields, value) }

func (c *csvWriter) text(_, value string) {
	if c.guard {
		value = harmless(value)
	}
	c.add(value)
}

func (c *csvWriter) number(_ string, value int64) { c.add(strconv.FormatInt(value, 10)) }

func (c *csvWriter) seconds(_ string, value time.Duration) { c.add(string(appendSeconds(nil, value))) }

func (c *csvWriter) moment(name string, value time.Time) {
	if value.IsZero() {
		c.unknown(name)
		return
	}
	c.add(c.zone.Stamp(value).String())
}

// truth writes what is not true as an empty cell.
func (c *csvWriter) truth(_ string, value bool) {
	if value {
		c.add("true")
	} else {
		c.add("")
	}
}

func (c *csvWriter) unknown(string) { c.add("") }

// harmless puts an apostrophe before a text that a spreadsheet would take for a
// formula. A text that already looks like that gets another one, so that Told
// knows every text. Tags come from anywhere, a stream's title even from strangers.
// =HYPERLINK(…) or =cmd|… would run on the computer of the person who opens the
// report. Quoting does not help, because spreadsheets look at the text inside
// the quotes. In some languages the wide forms also count as formulas. In some
// countries cells end at a semicolon, whatever the file says.
func harmless(s string) string {
	cells := strings.Split(s, ";")
	for i, cell := range cells {
		cells[i] = noFormula(cell)
	}
	return strings.Join(cells, ";")
}

func noFormula(s string) string {
	if IsFormula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// IsFormula reports whether a spreadsheet would take a text for a formula.
func IsFormula(s string) bool {
	switch first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " ")); first {
	case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

// Told is a text of a CSV as it was before Report.GuardFormulas made it harmless.
func Told(text string) string {
	cells := strings.Split(text, ";")
	for i, cell := range cells {
		if guarded, ok := strings.CutPrefix(cell, "'"); ok && IsFormula(strings.TrimLeft(guarded, "'")) {
			cells[i] = guarded
		}
	}
	return strings.Join(cells, ";")
}
