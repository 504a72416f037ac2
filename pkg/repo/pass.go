package repo

// eachStep makes the steps of a long pass, each in a transaction of its own, from one
// place on. A step returns where the next one begins, or nil if it was the last.
func eachStep[P any](from P, step func(from P) (next *P, err error)) error {
	for next := &from; next != nil; {
		var err error
		if next, err = step(*next); err != nil {
			return err
		}
	}
	return nil
}
