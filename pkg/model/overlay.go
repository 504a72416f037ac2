package model

import "slices"

// Overlay is the net effect of all corrections of an entry.
type Overlay struct {
	Void    bool    `json:"void,omitempty"`
	Changes Changes `json:"changes,omitzero"`
}

// IsEmpty reports whether the corrections leave the entry as the engine sent
// it.
func (o Overlay) IsEmpty() bool { return !o.Void && o.Changes.IsEmpty() }

// Fold computes the net effect of corrections in the order in which they were
// made. Of two corrections made at one instant, the one with the greater UID is
// the later. So the result does not depend on the order of the arguments.
func Fold(corrections []Correction) Overlay {
	sorted := slices.Clone(corrections)
	slices.SortFunc(sorted, func(a, b Correction) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		ua, ub := a.UID(), b.UID()
		return slices.Compare(ua[:], ub[:])
	})
	var o Overlay
	for _, c := range sorted {
		switch c.Kind {
		case CorrectionAmend:
			o.Changes = o.Changes.over(c.Changes)
		case CorrectionVoid:
			o.Void = true
		case CorrectionRestore:
			o.Void = false
		}
	}
	return o
}
