// Package playfile reads plays that a person wrote down, from CSV or JSON lines.
//
// It promises that a column or member that is no field of a play is named and
// never ignored, except for those columns of a report that say nothing about the
// play itself; that names may be in either spelling; and that values stay as
// they were written: what they mean is decided by who stores them.
package playfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"aura.radio/engine/pkg/api"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
)

// maxLine bounds a line of JSON, in bytes.
const maxLine = 1 << 20

// Row is a play of a file.
type Row struct {
	// Number is that of the line of JSON, or of the row that a spreadsheet shows.
	Number int
	Play   api.Play
	// Wrong is why the row can't be read; nil if it can.
	Wrong error
}

// Read calls each for every row of a file, which is of the type that its name
// ends in. It stops at the first error of each, and returns it. Other errors: the
// file can't be read any further, or its header is wrong.
func Read(name string, file io.Reader, each func(Row) error) error {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return readCSV(file, each)
	case ".jsonl", ".ndjson":
		return readJSON(file, each)
	}
	return fmt.Errorf("%s must end in .csv or .jsonl", name)
}

// notLogged are the columns of a report that say nothing about the play itself.
var notLogged = []string{"track_end", "seconds", "received_at", "estimated"}

// fieldOf is the name that the API uses for a column or member.
func fieldOf(name string) (field string, known bool) {
	f := model.FieldSpelled(name)
	if f == nil || !f.IsCorrectable() && f.Name() != "log_source" {
		return "", false
	}
	return f.Name(), true
}

// unknown is the error about a name that is no field of a play.
func unknown(name string) error {
	var names []string
	for _, f := range model.Fields {
		if _, known := fieldOf(f.Name()); known {
			names = append(names, f.Name())
		}
	}
	return fmt.Errorf("%q is no field of a play; these are: %s", name, strings.Join(names, ", "))
}

// readCSV reads rows separated by commas, or by semicolons, as spreadsheets of
// some countries write them.
func readCSV(file io.Reader, each func(Row) error) error {
	in := bufio.NewReader(file)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.Discard(3) // they were read already
	}
	head, _ := in.Peek(in.Size()) // fails if the file is shorter, or later again
	rows := csv.NewReader(in)
	rows.FieldsPerRecord = -1
	if line, _, _ := bytes.Cut(head, []byte("\n")); !bytes.Contains(line, []byte(",")) && bytes.Contains(line, []byte(";")) {
		rows.Comma = ';'
	}
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	if err != nil {
		return err
	}
	columns, err := columnsOf(header)
	if err != nil {
		return err
	}
	for number := 2; ; number++ {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(rowOf(number, columns, cells)); err != nil {
			return err
		}
	}
}

// columnsOf are the fields of the columns, "" for a column that is not logged.
func columnsOf(header []string) ([]string, error) {
	columns := make([]string, len(header))
	for i, name := range header {
		name = strings.TrimSpace(name)
		if slices.Contains(notLogged, name) {
			continue
		}
		field, known := fieldOf(name)
		switch {
		case !known:
			return nil, fmt.Errorf("column %d: %w", i+1, unknown(name))
		case slices.Contains(columns, field):
			return nil, fmt.Errorf("column %d: %s is there twice", i+1, field)
		}
		columns[i] = field
	}
	return columns, nil
}

func rowOf(number int, columns, cells []string) Row {
	row := Row{Number: number, Play: api.Play{}}
	if len(cells) > len(columns) {
		row.Wrong = fmt.Errorf("has %d cells, and the header has %d", len(cells), len(columns))
		return row
	}
	for i, cell := range cells {
		if columns[i] == "" || strings.TrimSpace(cell) == "" {
			continue
		}
		value, err := json.Marshal(report.Told(cell))
		if err != nil {
			row.Wrong = err
			return row
		}
		row.Play = append(row.Play, api.Member{Name: columns[i], Value: value})
	}
	return row
}

func readJSON(file io.Reader, each func(Row) error) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(line) == 0 {
			continue
		}
		if err := each(lineOf(number, line)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func lineOf(number int, line []byte) Row {
	row := Row{Number: number}
	if err := json.Unmarshal(line, &row.Play); err != nil || row.Play == nil {
		row.Wrong = errors.New("must be a JSON object")
		return row
	}
	for _, m := range row.Play {
		if _, known := fieldOf(m.Name); !known {
			row.Wrong = unknown(m.Name)
		}
	}
	return row
}
