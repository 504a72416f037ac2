package report

// kind says how totals of one kind are added up and shown.
type kind[R any] struct {
	// byKey orders totals by what they are totals of; 0 is the same.
	byKey func(a, b R) int
	// merge adds what was counted later to a total.
	merge func(to, later R)
	// shown is their order in a report.
	shown func(a, b R) int
}

// sums are the totals of one kind, one per key. Those that do not fit into memory
// are on the disk: there, one key may have several totals, which are merged at the
// end.
type sums[K comparable, T any, R row[T]] struct {
	kind[R]
	present map[K]R
	size    int
	past    sorter[T, R]
}

func newSums[K comparable, T any, R row[T]](to *scratch, most int, k kind[R]) *sums[K, T, R] {
	return &sums[K, T, R]{kind: k, present: map[K]R{}, past: sorter[T, R]{scratch: to, most: most, compare: k.byKey}}
}

// add lets fn add something to the total of a key. newTotal makes a total of it.
func (s *sums[K, T, R]) add(key K, newTotal func() R, fn func(R)) error {
	total, ok := s.present[key]
	if !ok {
		total = newTotal()
		s.present[key] = total
	}
	fn(total)
	if ok {
		return nil
	}
	if s.size += sizeOf(total); s.size < s.past.most {
		return nil
	}
	return s.spill()
}

// spill moves the present totals to the disk.
func (s *sums[K, T, R]) spill() error {
	for _, total := range s.present {
		s.past.held = append(s.past.held, total)
	}
	s.present, s.size = map[K]R{}, 0
	return s.past.spill()
}

// each calls fn for every total, in the order in which they are shown. Nothing is
// added afterwards.
func (s *sums[K, T, R]) each(fn func(record) error) error {
	ordered := sorter[T, R]{scratch: s.past.scratch, most: s.past.most, compare: s.shown}
	if len(s.past.runs) == 0 {
		for _, total := range s.present {
			ordered.held = append(ordered.held, total)
		}
	} else if err := s.merged(ordered.add); err != nil {
		return err
	}
	return ordered.each(func(total R) error { return fn(any(total).(record)) })
}

// merged calls fn for the total of each key.
func (s *sums[K, T, R]) merged(fn func(R) error) error {
	if err := s.spill(); err != nil {
		return err
	}
	var total R
	err := s.past.each(func(next R) error {
		switch {
		case total == nil:
		case s.byKey(total, next) == 0:
			s.merge(total, next)
			return nil
		default:
			if err := fn(total); err != nil {
				return err
			}
		}
		total = next
		return nil
	})
	if err != nil || total == nil {
		return err
	}
	return fn(total)
}
