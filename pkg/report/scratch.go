package report

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// scratch is a temporary file for rows that outgrow memory. It is made when the
// first row needs it, and has no name, so it is gone with the process. The zero
// value is ready for use.
type scratch struct {
	file *os.File
	end  int64
}

// append writes at the end of the file, and returns what was written as a reader.
func (s *scratch) append(write func(w *bufio.Writer) error) (_ *io.SectionReader, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("keep totals in a temporary file: %w", err)
		}
	}()
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "aura-report-"); err != nil {
			return nil, err
		}
		if err = os.Remove(s.file.Name()); err != nil {
			return nil, err
		}
	}
	begin := s.end
	at := io.NewOffsetWriter(s.file, begin)
	w := bufio.NewWriter(at)
	if err = errors.Join(write(w), w.Flush()); err != nil {
		return nil, err
	}
	written, err := at.Seek(0, io.SeekCurrent)
	s.end += written
	return io.NewSectionReader(s.file, begin, written), err
}

// close gives the room on the disk back.
func (s *scratch) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// writeRow writes the fields of a row.
func writeRow(w *bufio.Writer, texts []*string, numbers []*int64) error {
	var buf []byte
	for _, text := range texts {
		buf = binary.AppendUvarint(buf, uint64(len(*text)))
		buf = append(buf, *text...)
	}
	for _, number := range numbers {
		buf = binary.AppendVarint(buf, *number)
	}
	_, err := w.Write(buf)
	return err
}

// readRow reads what writeRow wrote. It returns io.EOF if there are no more rows.
func readRow(r *bufio.Reader, texts []*string, numbers []*int64) error {
	if _, err := r.Peek(1); err != nil {
		return err
	}
	err := readFields(r, texts, numbers)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readFields(r *bufio.Reader, texts []*string, numbers []*int64) error {
	for _, text := range texts {
		n, err := binary.ReadUvarint(r)
		if err != nil {
			return err
		}
		bytes := make([]byte, n)
		if _, err := io.ReadFull(r, bytes); err != nil {
			return err
		}
		*text = string(bytes)
	}
	for _, number := range numbers {
		n, err := binary.ReadVarint(r)
		if err != nil {
			return err
		}
		*number = n
	}
	return nil
}
