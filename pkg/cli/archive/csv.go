package archive

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/report"
)

// column is a member of a record's JSON.
type column struct {
	name string
	// isText: the cell has the text itself. Otherwise it has JSON.
	isText bool
}

// columns are all members of a record.
var columns = columnsOf()

func columnsOf() (all []column) {
	for _, f := range model.Fields {
		isText := true
		switch f.Of(new(model.Entry)).(type) {
		case *int, *int64, *bool, *time.Duration:
			isText = false
		}
		all = append(all, column{f.Column(), isText})
	}
	return append(all, column{name: "corrections"})
}

// byteOrderMark begins the file, because spreadsheets need it to see UTF-8.
const byteOrderMark = "\ufeff"

// csvWriter writes a record a row. What is not known is an empty cell.
type csvWriter struct{ out *csv.Writer }

func newCSVWriter(to io.Writer) (writer, error) {
	if _, err := io.WriteString(to, byteOrderMark); err != nil {
		return nil, err
	}
	w := csvWriter{csv.NewWriter(to)}
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.name
	}
	return w, w.out.Write(header)
}

func (w csvWriter) write(r record.Entry) error {
	members, err := membersOf(r)
	if err != nil {
		return err
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		value := members[c.name]
		if !c.isText || value == nil {
			cells[i] = string(value)
			continue
		}
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		cells[i] = harmless(text)
	}
	return w.out.Write(cells)
}

func membersOf(r record.Entry) (members map[string]json.RawMessage, err error) {
	whole, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(whole, &members)
	}
	return members, err
}

func (w csvWriter) end() error {
	w.out.Flush()
	return w.out.Error()
}

func readCSV(file io.Reader, each func(int, record.Entry, error) error) error {
	rows := csv.NewReader(file)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	}
	if err != nil {
		return err
	}
	names := slices.Clone(header)
	names[0] = strings.TrimPrefix(names[0], byteOrderMark)
	found := make([]column, len(names))
	for i, name := range names {
		at := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
		if at < 0 {
			return fmt.Errorf("column %d: %q is none of those that export writes", i+1, name)
		}
		found[i] = columns[at]
	}
	for number := 2; ; number++ {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r, wrong := recordOf(found, cells)
		if err := each(number, r, wrong); err != nil {
			return err
		}
	}
}

// recordOf is the record of a row.
func recordOf(columns []column, cells []string) (record.Entry, error) {
	members := map[string]json.RawMessage{}
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		value := json.RawMessage(cell)
		if columns[i].isText {
			value, _ = json.Marshal(told(cell)) // a text has JSON
		}
		if !json.Valid(value) {
			return record.Entry{}, fmt.Errorf("%s: %q is no JSON", columns[i].name, cell)
		}
		members[columns[i].name] = value
	}
	whole, err := json.Marshal(members)
	if err != nil {
		return record.Entry{}, err
	}
	return record.Decode[record.Entry](whole)
}

// harmless puts an apostrophe before what a spreadsheet would take for a formula, as
// reports do, and also before an apostrophe, so that told knows each text again.
func harmless(text string) string {
	return eachCell(text, func(cell string) string {
		if strings.HasPrefix(cell, "'") || report.IsFormula(cell) {
			return "'" + cell
		}
		return cell
	})
}

// told is the text that harmless was given.
func told(text string) string {
	return eachCell(text, func(cell string) string { return strings.TrimPrefix(cell, "'") })
}

// eachCell changes what is a cell if the file is read with semicolons.
func eachCell(text string, change func(cell string) string) string {
	cells := strings.Split(text, ";")
	for i, cell := range cells {
		cells[i] = change(cell)
	}
	return strings.Join(cells, ";")
}
