package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"aura.radio/engine/pkg/stationtime"
)

// WriteXLSX writes the whole report except the holes as a workbook with the sheets
// Plays, Titles, Shows, Types and Summary. Rows that do not fit on a sheet continue on "Plays
// 2" and so on. Columns are named as the fields of the JSON. A start or end is
// a real date in local time, to sort and compute with. The column
// track_start_iso or track_end_iso also has it as text with its offset, which
// is unambiguous in the hour that a clock change repeats. Text is never a
// formula, because each cell says that it is text. Columns are as wide as their
// first rows need.
func WriteXLSX(ctx context.Context, w io.Writer, r Report) error {
	return failed(writeXLSX(ctx, w, &r, maxSheetRows))
}

func writeXLSX(ctx context.Context, w io.Writer, r *Report, maxRows int) (err error) {
	file, err := newSheets(w, properties{author: r.Station, title: "Report " + r.Period.Name, made: r.Made})
	if err != nil {
		return err
	}
	b := &workbook{file: file, maxRows: maxRows, row: sheetRow{zone: r.Period.Zone}}
	if err := b.begin("Plays", PartPlays); err != nil {
		return err
	}
	t, err := r.tally(ctx, func(p *Play) error { return b.add(p) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	for _, sheet := range []struct {
		title string
		part  Part
	}{{"Titles", PartTitles}, {"Shows", PartShows}, {"Types", PartTypes}, {"Summary", PartSummary}} {
		if err := b.begin(sheet.title, sheet.part); err != nil {
			return err
		}
		if err := t.each(sheet.part, b.add); err != nil {
			return err
		}
	}
	if err := b.fit(); err != nil {
		return err
	}
	return file.end()
}

// workbook writes records as rows of sheets, one sheet after the other.
type workbook struct {
	file    *sheets
	maxRows int // of one sheet, including the header
	row     sheetRow

	title  string // of the part being written
	part   Part
	number int // of the sheet within its part, from 1
	rows   int // of the sheet, so far
	// waiting are the first rows of the sheet, with the header, until the widths
	// of the columns are known.
	waiting [][]any
	widths  []int
}

// Widths of columns, in characters.
const (
	minWidth = 8
	maxWidth = 60
	dateShow = len("2006-01-02 15:04:05")
	// fitRows is how many rows of a sheet its columns fit: a workbook is written
	// front to back, and the widths come first.
	fitRows = 1000
)

// begin begins the first sheet of a part.
func (b *workbook) begin(title string, part Part) error {
	if err := b.fit(); err != nil { // the last sheet of the part before
		return err
	}
	b.title, b.part, b.number = title, part, 0
	return b.nextSheet()
}

func (b *workbook) nextSheet() error {
	if err := b.fit(); err != nil {
		return err
	}
	b.number++
	b.rows = 0
	var header sheetNames
	blank(b.part).write(&header)
	b.widths = make([]int, len(header.names))
	b.row.columns = b.row.columns[:0]
	for _, name := range header.names {
		b.row.add(name)
	}
	return b.setRow()
}

// name is that of the sheet.
func (b *workbook) name() string {
	if b.number > 1 {
		return b.title + " " + strconv.Itoa(b.number)
	}
	return b.title
}

// add writes a row, on a further sheet if the current one is full.
func (b *workbook) add(r record) error {
	if b.rows == b.maxRows {
		if err := b.nextSheet(); err != nil {
			return err
		}
	}
	b.row.columns = b.row.columns[:0]
	r.write(&b.row)
	return b.setRow()
}

// setRow writes the row, or lets it wait for the widths of the columns.
func (b *workbook) setRow() error {
	b.rows++
	if b.rows > fitRows {
		return b.file.row(b.rows, false, b.row.columns)
	}
	b.waiting = append(b.waiting, slices.Clone(b.row.columns))
	for i, value := range b.row.columns {
		b.widths[i] = max(b.widths[i], width(value))
	}
	if b.rows == fitRows {
		return b.fit()
	}
	return nil
}

// fit begins the sheet with the widths of its columns, and writes the rows that
// waited for them.
func (b *workbook) fit() error {
	if len(b.waiting) == 0 {
		return nil
	}
	for i, width := range b.widths {
		b.widths[i] = min(max(width, minWidth), maxWidth) + 2 // a column also needs room for its margins
	}
	if err := b.file.begin(b.name(), b.widths); err != nil {
		return err
	}
	for i, columns := range b.waiting {
		if err := b.file.row(i+1, i == 0, columns); err != nil {
			return err
		}
	}
	b.waiting = nil
	return nil
}

// width is how many characters a cell shows.
func width(value any) int {
	switch v := value.(type) {
	case nil:
		return 0
	case string:
		return utf8.RuneCountInString(v)
	case clockTime:
		return dateShow
	}
	return len(fmt.Sprint(value))
}

// sheetRow collects the columns of a row.
type sheetRow struct {
	zone    *stationtime.Zone
	columns []any
}

func (s *sheetRow) add(value any) { s.columns = append(s.columns, value) }

func (s *sheetRow) text(_, value string) { s.add(value) }

func (s *sheetRow) number(_ string, value int64) { s.add(value) }

func (s *sheetRow) seconds(_ string, value time.Duration) { s.add(inSeconds(value)) }

func (s *sheetRow) moment(name string, value time.Time) {
	if value.IsZero() {
		s.unknown(name)
		s.unknown(name)
		return
	}
	local := s.zone.Stamp(value)
	s.add(clockTime{local.Time})
	s.add(local.String())
}

func (s *sheetRow) truth(name string, value bool) {
	if value {
		s.add(true)
	} else {
		s.unknown(name)
	}
}

func (s *sheetRow) unknown(string) { s.add(nil) }

// sheetNames collects the names of a sheet's columns.
type sheetNames struct {
	names
}

func (n *sheetNames) moment(name string, _ time.Time) { n.names = append(n.names, name, name+"_iso") }
