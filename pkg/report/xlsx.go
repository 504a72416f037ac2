package report

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"aura.radio/engine/pkg/stationtime"
	"github.com/xuri/excelize/v2"
)

// WriteXLSX writes the whole report except the holes as a workbook with the sheets
// Plays, Titles, Shows, Types and Summary. Rows that do not fit on a sheet continue on "Plays
// 2" and so on. Columns are named as the fields of the JSON. A start or end is
// a real date in local time, to sort and compute with. The column
// track_start_iso or track_end_iso also has it as text with its offset, which
// is unambiguous in the hour that a clock change repeats. Text is never a
// formula, because each cell says that it is text. Columns are as wide as their
// first rows need.
//
// A workbook cannot be written front to back. So sheets are collected in a
// temporary file (in memory if there is none), and nothing is written before
// all plays are read.
func WriteXLSX(ctx context.Context, w io.Writer, r Report) error {
	return writeXLSX(ctx, w, &r, excelize.TotalRows)
}

func writeXLSX(ctx context.Context, w io.Writer, r *Report, maxRows int) (err error) {
	b := &workbook{file: excelize.NewFile(), maxRows: maxRows, row: sheetRow{zone: r.Period.Zone}}
	defer func() {
		// Close removes the temporary files.
		if err = errors.Join(err, b.file.Close()); err != nil {
			err = failed(err)
		}
	}()
	if err := errors.Join(b.styles(), b.author(r)); err != nil {
		return err
	}
	if err := b.begin("Plays", PartPlays); err != nil {
		return err
	}
	t, err := r.tally(ctx, func(p *Play) error { return b.add(p) })
	if err != nil {
		return err
	}
	for _, sheet := range []struct {
		title string
		part  Part
	}{{"Titles", PartTitles}, {"Shows", PartShows}, {"Types", PartTypes}, {"Summary", PartSummary}} {
		if err := b.begin(sheet.title, sheet.part); err != nil {
			return err
		}
		for _, row := range t.records(sheet.part) {
			if err := b.add(row); err != nil {
				return err
			}
		}
	}
	if err := b.endSheet(); err != nil {
		return err
	}
	return b.writeTo(w)
}

// workbook writes records as rows of sheets, one sheet after the other.
type workbook struct {
	file    *excelize.File
	maxRows int // of one sheet, including the header
	bold    int // style
	row     sheetRow

	sheet  *excelize.StreamWriter // the sheet being written
	title  string                 // of its part
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

// author names the station as whoever made the workbook. Otherwise it would be
// the author of the library.
func (b *workbook) author(r *Report) error {
	props := excelize.DocProperties{Creator: r.Station, LastModifiedBy: r.Station, Title: "Report " + r.Period.Name}
	if !r.Made.IsZero() {
		props.Created = r.Made.UTC().Format(time.RFC3339)
		props.Modified = props.Created
	}
	return b.file.SetDocProps(&props)
}

func (b *workbook) styles() error {
	var errBold, errDate error
	b.bold, errBold = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	format := "yyyy-mm-dd hh:mm:ss"
	b.row.date, errDate = b.file.NewStyle(&excelize.Style{CustomNumFmt: &format})
	return errors.Join(errBold, errDate)
}

// begin ends the current sheet and begins the first sheet of a part.
func (b *workbook) begin(title string, part Part) error {
	b.title, b.part, b.number = title, part, 0
	return b.nextSheet()
}

func (b *workbook) nextSheet() error {
	b.number++
	name := b.title
	if b.number > 1 {
		name += " " + strconv.Itoa(b.number)
	}
	if b.sheet == nil {
		if err := b.file.SetSheetName("Sheet1", name); err != nil { // a new workbook has this sheet
			return err
		}
	} else {
		if err := b.endSheet(); err != nil {
			return err
		}
		if _, err := b.file.NewSheet(name); err != nil {
			return err
		}
	}
	var err error
	if b.sheet, err = b.file.NewStreamWriter(name); err != nil {
		return err
	}
	b.rows = 0
	if err := b.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	var header sheetNames
	blank(b.part).write(&header)
	b.widths = make([]int, len(header.names))
	b.row.columns = b.row.columns[:0]
	for _, name := range header.names {
		b.row.add(name)
	}
	return b.setRow()
}

// endSheet writes what is left of the sheet.
func (b *workbook) endSheet() error {
	if err := b.fit(); err != nil {
		return err
	}
	return b.sheet.Flush()
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
		return b.write(b.rows, b.row.columns)
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

// fit sets the widths of the columns, and writes the rows that waited for them.
func (b *workbook) fit() error {
	if len(b.waiting) == 0 {
		return nil
	}
	for i, width := range b.widths {
		// A column also needs room for its margins.
		if err := b.sheet.SetColWidth(i+1, i+1, float64(min(max(width, minWidth), maxWidth)+2)); err != nil {
			return err
		}
	}
	for i, columns := range b.waiting {
		if err := b.write(i+1, columns); err != nil {
			return err
		}
	}
	b.waiting = nil
	return nil
}

// write writes a row; the first one is the header.
func (b *workbook) write(row int, columns []any) error {
	var opts []excelize.RowOpts
	if row == 1 {
		opts = []excelize.RowOpts{{StyleID: b.bold}}
	}
	return b.sheet.SetRow("A"+strconv.Itoa(row), columns, opts...)
}

// width is how many characters a cell shows.
func width(value any) int {
	switch v := value.(type) {
	case nil:
		return 0
	case string:
		return utf8.RuneCountInString(v)
	case excelize.Cell:
		return dateShow
	}
	return len(fmt.Sprint(value))
}

// writeTo writes the archive straight to w. The library's own method would
// first build the whole archive in memory.
func (b *workbook) writeTo(w io.Writer) error {
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) })
	return b.file.Write(io.Discard)
}

// sheetRow collects the columns of a row.
type sheetRow struct {
	zone    *stationtime.Zone
	date    int // style
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
	s.add(excelize.Cell{StyleID: s.date, Value: local.Time}) // the library uses the clock reading, not the instant
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
