package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"aura.radio/engine/pkg/api/record"
)

// maxLine bounds a line of JSON, in bytes. Between nodes a record is not longer.
const maxLine = 1 << 20

// writer writes records to a file.
type writer interface {
	write(r record.Entry) error
	// end writes what is left.
	end() error
}

// reader calls each for every record of a file, with the number of its line or row,
// and with why it can't be read, if that is so. It stops at the first error of each.
type reader func(file io.Reader, each func(number int, r record.Entry, wrong error) error) error

// format is how a file is written and read.
type format struct {
	writer func(to io.Writer) (writer, error)
	reader reader
}

var formats = map[string]format{
	".jsonl":  {newJSONWriter, readJSON},
	".ndjson": {newJSONWriter, readJSON},
	".csv":    {newCSVWriter, readCSV},
}

// formatOf is the format that the name of a file ends in.
func formatOf(name string) (format, error) {
	f, known := formats[strings.ToLower(filepath.Ext(name))]
	if !known {
		return f, fmt.Errorf("%s must end in .jsonl or .csv", name)
	}
	return f, nil
}

// jsonWriter writes a record a line.
type jsonWriter struct {
	out     *bufio.Writer
	encoder *json.Encoder
}

func newJSONWriter(to io.Writer) (writer, error) {
	out := bufio.NewWriter(to)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return jsonWriter{out, encoder}, nil
}

func (w jsonWriter) write(r record.Entry) error { return w.encoder.Encode(r) }

func (w jsonWriter) end() error { return w.out.Flush() }

func readJSON(file io.Reader, each func(int, record.Entry, error) error) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		r, wrong := record.Decode[record.Entry](line)
		if err := each(number, r, wrong); err != nil {
			return err
		}
	}
	return lines.Err()
}
