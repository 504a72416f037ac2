package report

import (
	"bufio"
	"container/heap"
	"errors"
	"io"
	"slices"
)

// row is a row that can leave memory: a *T.
type row[T any] interface {
	*T
	// fields are all that the row consists of.
	fields() (texts []*string, numbers []*int64)
}

// rowSize is about what a row takes in memory, in addition to its texts.
const rowSize = 400

func sizeOf[T any, R row[T]](r R) int {
	size := rowSize
	texts, _ := r.fields()
	for _, text := range texts {
		size += len(*text)
	}
	return size
}

// sorter puts any number of rows in order. Whenever those in memory take most
// bytes, they are sorted and leave it as a run. At the end the runs are merged.
type sorter[T any, R row[T]] struct {
	scratch *scratch
	most    int
	compare func(a, b R) int
	held    []R
	size    int
	runs    []*io.SectionReader
}

func (s *sorter[T, R]) add(r R) error {
	s.held = append(s.held, r)
	if s.size += sizeOf(r); s.size < s.most {
		return nil
	}
	return s.spill()
}

// spill moves what is held to the disk.
func (s *sorter[T, R]) spill() error {
	slices.SortFunc(s.held, s.compare)
	run, err := s.scratch.append(func(w *bufio.Writer) error {
		for _, r := range s.held {
			texts, numbers := r.fields()
			if err := writeRow(w, texts, numbers); err != nil {
				return err
			}
		}
		return nil
	})
	s.runs, s.held, s.size = append(s.runs, run), nil, 0
	return err
}

// each calls fn for every row, in order. Of equal rows, those of an earlier run
// come first.
func (s *sorter[T, R]) each(fn func(R) error) error {
	if len(s.runs) == 0 {
		slices.SortFunc(s.held, s.compare)
		for _, r := range s.held {
			if err := fn(r); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	m := merger[T, R]{compare: s.compare}
	for i, run := range s.runs {
		if err := m.push(&runReader[T, R]{from: bufio.NewReader(run), number: i}); err != nil {
			return err
		}
	}
	for len(m.runs) > 0 {
		first := m.runs[0]
		if err := fn(first.row); err != nil {
			return err
		}
		switch err := first.next(); {
		case err == nil:
			heap.Fix(&m, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&m)
		default:
			return err
		}
	}
	return nil
}

// runReader is a run and its present row.
type runReader[T any, R row[T]] struct {
	from   *bufio.Reader
	number int
	row    R
}

func (r *runReader[T, R]) next() error {
	r.row = new(T)
	texts, numbers := r.row.fields()
	return readRow(r.from, texts, numbers)
}

// merger is the heap of the runs that have rows left.
type merger[T any, R row[T]] struct {
	compare func(a, b R) int
	runs    []*runReader[T, R]
}

// push adds a run, if it has rows.
func (m *merger[T, R]) push(run *runReader[T, R]) error {
	switch err := run.next(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	heap.Push(m, run)
	return nil
}

func (m *merger[T, R]) Len() int { return len(m.runs) }

func (m *merger[T, R]) Less(i, j int) bool {
	a, b := m.runs[i], m.runs[j]
	if c := m.compare(a.row, b.row); c != 0 {
		return c < 0
	}
	return a.number < b.number
}

func (m *merger[T, R]) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }

func (m *merger[T, R]) Push(run any) { m.runs = append(m.runs, run.(*runReader[T, R])) }

func (m *merger[T, R]) Pop() any {
	last := len(m.runs) - 1
	run := m.runs[last]
	m.runs = m.runs[:last]
	return run
}
